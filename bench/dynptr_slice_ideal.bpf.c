// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The ideal that inlined slices are measured against: a hundred slices of a dynptr as in examples/dynptr_slice, with what
 * bpf_dynptr_slice does for this kind of dynptr and without a buffer written out by hand, in one function compiled by clang. No
 * verifier could check it as a program, so these are bodies that ask for trust.
 */
#include "inlay_runtime.h"

#define bpf_kfunc __attribute__((btf_decl_tag("bpf_kfunc"), used))

#define SLICES 100
#define SIZE_MASK 0xffffff
#define NULL ((void *)0)

static inline __attribute__((always_inline)) void *xdp_slice(const struct bpf_dynptr_kern *p, __u64 at, __u64 len)
{
	const struct xdp_buff *xdp = p->data;

	if (!xdp || at + len > (p->size & SIZE_MASK))
		return NULL;
	at += p->offset;
	return xdp->data + at + len <= xdp->data_end ? xdp->data + at : NULL;
}

static inline __attribute__((always_inline)) void *skb_slice(const struct bpf_dynptr_kern *p, __u64 at, __u64 len)
{
	const struct sk_buff *skb = p->data;

	if (!skb || at + len > (p->size & SIZE_MASK))
		return NULL;
	at += p->offset;
	return at + len <= skb->len - skb->data_len ? skb->data + at : NULL;
}

#define SLICE_ALL(slice)                                                              \
	int hits = 0;                                                                 \
	_Pragma("clang loop unroll(full)") for (int i = 0; i < SLICES; i++) {         \
		if (slice(p, i, 1))                                                   \
			hits++;                                                       \
		/* Each slice reads anew, as calls would. */                          \
		asm volatile("" : "+r"(hits)::"memory");                              \
	}                                                                             \
	return hits

bpf_kfunc int slices_ideal_xdp(const struct bpf_dynptr_kern *p)
{
	SLICE_ALL(xdp_slice);
}

bpf_kfunc int slices_ideal_skb(const struct bpf_dynptr_kern *p)
{
	SLICE_ALL(skb_slice);
}
