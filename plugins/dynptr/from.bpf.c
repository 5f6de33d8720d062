// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Bodies of the kernel functions that make dynamic pointers of packets. Once they are part of the program, the compiler sees what it
 * wrote where a slice is taken later.
 */
#include "inlay_runtime.h"

#define bpf_kfunc __attribute__((btf_decl_tag("bpf_kfunc"), used))

#define NULL ((void *)0)
#define EINVAL 22

#define TYPE_SKB 3
#define TYPE_XDP 4
#define TYPE_SHIFT 28

struct xdp_md;
struct __sk_buff;
struct bpf_dynptr;

/* Ends the rare path with something of its own, so that the usual one does not choose what to store by registers. */
#define apart() asm volatile("")

static inline __attribute__((always_inline)) void set(struct bpf_dynptr *ptr, void *data, __u32 size)
{
	struct bpf_dynptr_kern *p = (struct bpf_dynptr_kern *)ptr;

	p->data = data;
	p->size = size;
	p->offset = 0;
}

bpf_kfunc int bpf_dynptr_from_xdp(struct xdp_md *x, __u64 flags, struct bpf_dynptr *ptr__uninit)
{
	struct xdp_buff *xdp = (struct xdp_buff *)x;

	if (flags) {
		set(ptr__uninit, NULL, 0);
		apart();
		return -EINVAL;
	}
	set(ptr__uninit, xdp, (xdp->data_end - xdp->data) | TYPE_XDP << TYPE_SHIFT);
	return 0;
}

/* For programs that may write the packet: in others the pointer is read-only, which this one cannot know. */
bpf_kfunc int bpf_dynptr_from_skb(struct __sk_buff *s, __u64 flags, struct bpf_dynptr *ptr__uninit)
{
	struct sk_buff *skb = (struct sk_buff *)s;

	if (flags) {
		set(ptr__uninit, NULL, 0);
		apart();
		return -EINVAL;
	}
	set(ptr__uninit, skb, skb->len | TYPE_SKB << TYPE_SHIFT);
	return 0;
}
