/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Packets as the runtime keeps them: always linear, so a pointer into the packet is either direct or none.
 */
#ifndef INLAY_PACKET_H
#define INLAY_PACKET_H

#include "native.h"

#define INT_MAX 0x7fffffff

inline_always u32 xdp_len(const struct xdp_buff *xdp)
{
	return xdp->data_end - xdp->data;
}

/* The bytes, NULL if they are not in one piece (never here), or an error as the kernel packs errors into pointers. */
inline_always void *xdp_pointer(const struct xdp_buff *xdp, u32 offset, u32 len)
{
	if (offset > 0xffff || len > 0xffff)
		return (void *)-EFAULT;
	if (offset + len > xdp_len(xdp))
		return (void *)-EINVAL;
	return xdp->data + offset;
}

inline_always int is_error(const void *pointer)
{
	return (u64)pointer >= (u64)-4095;
}

/* The bytes, or NULL beyond the packet. Signed, as the kernel counts. */
inline_always void *skb_pointer(const struct sk_buff *skb, int offset, int len)
{
	if ((s32)(skb->len - skb->data_len) - offset < len)
		return NULL;
	return skb->data + offset;
}

inline_always struct bpf_skb_data_end *skb_pointers(struct sk_buff *skb)
{
	return (struct bpf_skb_data_end *)skb->cb;
}

/* What programs read as data_meta and data_end. */
inline_always void skb_compute_pointers(struct sk_buff *skb)
{
	struct bpf_skb_data_end *pointers = skb_pointers(skb);

	pointers->data_meta = skb->data;
	pointers->data_end = skb->data + (skb->len - skb->data_len);
}

inline_always s64 skb_load(const struct sk_buff *skb, u32 offset, void *to, u32 len)
{
	void *from = offset > INT_MAX ? NULL : skb_pointer(skb, offset, len);

	if (!from) {
		clear_bytes(to, len);
		return -EFAULT;
	}
	copy_bytes(to, from, len);
	return 0;
}

#define BPF_F_RECOMPUTE_CSUM 1
#define BPF_F_INVALIDATE_HASH 2

inline_always s64 skb_store(struct sk_buff *skb, u32 offset, const void *from, u32 len, u64 flags)
{
	void *to;

	if (flags & ~(u64)(BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH))
		return -EINVAL;
	if (offset > INT_MAX)
		return -EFAULT;
	to = skb_pointer(skb, offset, len);
	if (!to)
		return -EFAULT;
	copy_bytes(to, from, len);
	if (flags & BPF_F_INVALIDATE_HASH) {
		skb->hash = 0;
		skb->sw_hash = 0;
		skb->l4_hash = 0;
	}
	return 0;
}

inline_always s64 xdp_load(const struct xdp_buff *xdp, u32 offset, void *to, u32 len)
{
	void *from = xdp_pointer(xdp, offset, len);

	if (is_error(from))
		return (s64)from;
	copy_bytes(to, from, len);
	return 0;
}

inline_always s64 xdp_store(const struct xdp_buff *xdp, u32 offset, const void *from, u32 len)
{
	void *to = xdp_pointer(xdp, offset, len);

	if (is_error(to))
		return (s64)to;
	copy_bytes(to, from, len);
	return 0;
}

#endif
