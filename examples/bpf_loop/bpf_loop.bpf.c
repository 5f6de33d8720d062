// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bpf_loop and what becomes of it: the same two loops as calls of bpf_loop with a known callback (inlined), with flags nobody
 * can know (not inlined: the call stays), and as plain loops (the ideal).
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define ROUNDS 1000

/* Always 0, but the verifier may not assume so. */
volatile __u64 unknown_flags;

struct total {
	__u64 sum;
};

static long nothing(__u32 index, void *context)
{
	return 0;
}

static long add_index(__u32 index, void *context)
{
	struct total *total = context;

	total->sum += index;
	return 0;
}

SEC("xdp")
int empty(struct xdp_md *ctx)
{
	bpf_loop(ROUNDS, nothing, 0, 0);
	return XDP_PASS;
}

SEC("xdp")
int empty_called(struct xdp_md *ctx)
{
	bpf_loop(ROUNDS, nothing, 0, unknown_flags);
	return XDP_PASS;
}

SEC("xdp")
int empty_ideal(struct xdp_md *ctx)
{
	for (__u32 i = 0; i < ROUNDS; i++)
		asm volatile("" : "+r"(i)); /* keep the loop */
	return XDP_PASS;
}

SEC("xdp")
int sum(struct xdp_md *ctx)
{
	struct total total = {};

	bpf_loop(ROUNDS, add_index, &total, 0);
	return total.sum;
}

SEC("xdp")
int sum_called(struct xdp_md *ctx)
{
	struct total total = {};

	bpf_loop(ROUNDS, add_index, &total, unknown_flags);
	return total.sum;
}

SEC("xdp")
int sum_ideal(struct xdp_md *ctx)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < ROUNDS; i++) {
		sum += i;
		asm volatile("" : "+r"(sum)); /* no closed form */
	}
	return sum;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
