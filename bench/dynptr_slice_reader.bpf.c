// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The programs around the ideal bodies of dynptr_slice_ideal.bpf.c. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern int bpf_dynptr_from_xdp(struct xdp_md *xdp, __u64 flags, struct bpf_dynptr *ptr) __ksym;
extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *ptr) __ksym;
extern int slices_ideal_xdp(const struct bpf_dynptr *p) __ksym;
extern int slices_ideal_skb(const struct bpf_dynptr *p) __ksym;

SEC("xdp")
int ideal_xdp(struct xdp_md *ctx)
{
	struct bpf_dynptr ptr;

	bpf_dynptr_from_xdp(ctx, 0, &ptr);
	return slices_ideal_xdp(&ptr);
}

SEC("tc")
int ideal_tc(struct __sk_buff *skb)
{
	struct bpf_dynptr ptr;

	bpf_dynptr_from_skb(skb, 0, &ptr);
	return slices_ideal_skb(&ptr);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
