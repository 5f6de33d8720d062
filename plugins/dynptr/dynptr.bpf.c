// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Bodies of the kernel functions that read dynamic pointers, over the runtime's structures.
 *
 * The kind of a dynptr stands in its size word, and at most calls it is known: then one arm of the switch is left. They read what the
 * pointer refers to without a check of their own beyond those the kernel makes, so the module asks for trust.
 */
#include "inlay_runtime.h"

#define bpf_kfunc __attribute__((btf_decl_tag("bpf_kfunc"), used))

#define NULL ((void *)0)
#define EINVAL 22

#define TYPE_LOCAL 1
#define TYPE_RINGBUF 2
#define TYPE_SKB 3
#define TYPE_XDP 4
#define TYPE_SHIFT 28
#define SIZE_MASK 0xffffff
#define RDONLY (1U << 31)

bpf_kfunc _Bool bpf_dynptr_is_null(const struct bpf_dynptr_kern *p)
{
	return !p->data;
}

bpf_kfunc _Bool bpf_dynptr_is_rdonly(const struct bpf_dynptr_kern *p)
{
	if (!p->data)
		return 0;
	return p->size >> 31;
}

bpf_kfunc __u32 bpf_dynptr_size(const struct bpf_dynptr_kern *p)
{
	if (!p->data)
		return -EINVAL;
	return p->size & SIZE_MASK;
}

/* NULL, made where it is returned: the compiler would keep it in a register through the whole function. */
static inline __attribute__((always_inline)) void *null(void)
{
	void *p;

	asm volatile("%0 = 0" : "=r"(p));
	return p;
}

/*
 * What is left of it at a call without a buffer and with a dynptr of known kind lives in r0 to r5, so that moving it there costs
 * no saved registers: fields are loaded again rather than kept, hence the volatile pointer.
 */
bpf_kfunc __attribute__((btf_decl_tag("kf_ret_null"))) void *
bpf_dynptr_slice(const volatile struct bpf_dynptr_kern *p, __u32 offset, void *buffer__opt, __u32 buffer__szk)
{
	__u64 at = offset, len = buffer__szk;
	__u32 type;

	asm volatile("" : "+r"(len)); /* one register for the length, as it is needed in both widths */
	if (!p->data)
		return null();
	/* Both are below 2^32, so the sum is exact. */
	if (at + len > (p->size & SIZE_MASK))
		return null();
	at += p->offset;
	type = (p->size & ~RDONLY) >> TYPE_SHIFT;
	if (type == TYPE_XDP) {
		struct xdp_buff *xdp = p->data;

		/* A packet is shorter than the 64 KiB that bpf_xdp_pointer() reaches. */
		if (xdp->data + at + len <= xdp->data_end)
			return xdp->data + at;
		if (!buffer__opt)
			return null();
		/* Over the rare call on the stack: a saved register would cost every caller with a buffer. */
		void *volatile buffer = buffer__opt;

		bpf_xdp_copy_buf(xdp, at, buffer, len, 0);
		return buffer;
	}
	if (type == TYPE_SKB) {
		struct sk_buff *skb = p->data;

		if (at + len <= skb->len - skb->data_len)
			return skb->data + at;
		if (!buffer__opt)
			return null();
		return skb_header_pointer(skb, at, len, buffer__opt);
	}
	if (type == TYPE_LOCAL || type == TYPE_RINGBUF)
		return p->data + at;
	return null();
}
