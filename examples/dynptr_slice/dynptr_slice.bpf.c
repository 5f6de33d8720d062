// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A hundred one-byte slices of a packet, through bpf_dynptr_slice and by packet pointers: the benchmark with which inlinable kfuncs were
 * proposed. Without a buffer, so that the slice is the packet itself or NULL.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SLICES 100

extern int bpf_dynptr_from_xdp(struct xdp_md *xdp, __u64 flags, struct bpf_dynptr *ptr) __ksym;
extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *ptr) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *ptr, __u32 offset, void *buffer, __u32 buffer__szk) __ksym;

static __always_inline int slices(struct bpf_dynptr *ptr)
{
	int hits = 0;

#pragma clang loop unroll(full)
	for (int i = 0; i < SLICES; i++) {
		if (bpf_dynptr_slice(ptr, i, 0, 1))
			hits++;
		asm volatile("" : "+r"(hits)); /* add now, not all at the end */
	}
	return hits;
}

static __always_inline int by_pointer(void *data, void *data_end)
{
	int hits = 0;

#pragma clang loop unroll(full)
	for (int i = 0; i < SLICES; i++) {
		/* Each test on its own, as a program would have it at a hundred places. */
		void *start = data;

		asm volatile("" : "+r"(start));
		if (start + i + 1 <= data_end)
			hits++;
		asm volatile("" : "+r"(hits));
	}
	return hits;
}

SEC("xdp")
int slice_xdp(struct xdp_md *ctx)
{
	struct bpf_dynptr ptr;

	bpf_dynptr_from_xdp(ctx, 0, &ptr);
	return slices(&ptr);
}

SEC("xdp")
int slice_xdp_direct(struct xdp_md *ctx)
{
	return by_pointer((void *)(long)ctx->data, (void *)(long)ctx->data_end);
}

SEC("tc")
int slice_tc(struct __sk_buff *skb)
{
	struct bpf_dynptr ptr;

	bpf_dynptr_from_skb(skb, 0, &ptr);
	return slices(&ptr);
}

SEC("tc")
int slice_tc_direct(struct __sk_buff *skb)
{
	return by_pointer((void *)(long)skb->data, (void *)(long)skb->data_end);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
