// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Dynamic pointers: helpers and kfuncs. The size word holds 24 bits of size, the kind in bits 28 to 30, and "read-only" in bit 31.
 */
#include "packet.h"

#define TYPE_LOCAL 1
#define TYPE_RINGBUF 2
#define TYPE_SKB 3
#define TYPE_XDP 4
#define TYPE_SHIFT 28
#define TYPE_MASK 7
#define SIZE_MASK 0xffffff
#define READ_ONLY (1U << 31)

inline_always u32 size_of(const struct bpf_dynptr_kern *ptr)
{
	return ptr->size & SIZE_MASK;
}

inline_always u32 type_of(const struct bpf_dynptr_kern *ptr)
{
	return ptr->size >> TYPE_SHIFT & TYPE_MASK;
}

inline_always void set(struct bpf_dynptr_kern *ptr, void *data, u32 size)
{
	ptr->data = data;
	ptr->size = size;
	ptr->offset = 0;
}

inline_always int out_of_bounds(const struct bpf_dynptr_kern *ptr, u32 offset, u32 len)
{
	u32 size = size_of(ptr);

	return len > size || offset > size - len;
}

NATIVE s64 bpf_dynptr_from_mem(void *data, u32 size, u64 flags, struct bpf_dynptr_kern *ptr)
{
	s64 error = size > SIZE_MASK ? -E2BIG : flags ? -EINVAL : 0;

	if (error)
		set(ptr, NULL, 0);
	else
		set(ptr, data, size | TYPE_LOCAL << TYPE_SHIFT);
	return error;
}

NATIVE s64 bpf_dynptr_from_xdp(struct xdp_buff *xdp, u64 flags, struct bpf_dynptr_kern *ptr)
{
	if (flags) {
		set(ptr, NULL, 0);
		return -EINVAL;
	}
	set(ptr, xdp, xdp_len(xdp) | TYPE_XDP << TYPE_SHIFT);
	return 0;
}

NATIVE s64 bpf_dynptr_from_skb(struct sk_buff *skb, u64 flags, struct bpf_dynptr_kern *ptr)
{
	if (flags) {
		set(ptr, NULL, 0);
		return -EINVAL;
	}
	set(ptr, skb, skb->len | TYPE_SKB << TYPE_SHIFT);
	return 0;
}

/* For programs that may not write the packet: the linker puts it in the other's place. */
NATIVE s64 bpf_dynptr_from_skb_rdonly(struct sk_buff *skb, u64 flags, struct bpf_dynptr_kern *ptr)
{
	if (flags) {
		set(ptr, NULL, 0);
		return -EINVAL;
	}
	set(ptr, skb, skb->len | TYPE_SKB << TYPE_SHIFT | READ_ONLY);
	return 0;
}

NATIVE s64 bpf_dynptr_read(void *to, u32 len, const struct bpf_dynptr_kern *ptr, u32 offset, u64 flags)
{
	u32 type = type_of(ptr);

	if (!ptr->data || flags)
		return -EINVAL;
	if (out_of_bounds(ptr, offset, len))
		return -E2BIG;
	offset += ptr->offset;
	if (type == TYPE_SKB)
		return skb_load(ptr->data, offset, to, len);
	if (type == TYPE_XDP)
		return xdp_load(ptr->data, offset, to, len);
	move_bytes(to, ptr->data + offset, len);
	return 0;
}

NATIVE s64 bpf_dynptr_write(const struct bpf_dynptr_kern *ptr, u32 offset, const void *from, u32 len, u64 flags)
{
	u32 type = type_of(ptr);

	if (!ptr->data || ptr->size & READ_ONLY)
		return -EINVAL;
	if (out_of_bounds(ptr, offset, len))
		return -E2BIG;
	offset += ptr->offset;
	if (type == TYPE_SKB) {
		s64 result = skb_store(ptr->data, offset, from, len, flags);

		skb_compute_pointers(ptr->data);
		return result;
	}
	if (flags)
		return -EINVAL;
	if (type == TYPE_XDP)
		return xdp_store(ptr->data, offset, from, len);
	move_bytes(ptr->data + offset, from, len);
	return 0;
}

NATIVE void *bpf_dynptr_data(const struct bpf_dynptr_kern *ptr, u32 offset, u32 len)
{
	u32 type = type_of(ptr);

	if (!ptr->data || out_of_bounds(ptr, offset, len) || ptr->size & READ_ONLY)
		return NULL;
	return type == TYPE_LOCAL || type == TYPE_RINGBUF ? ptr->data + ptr->offset + offset : NULL;
}

inline_always void *slice(const struct bpf_dynptr_kern *ptr, u32 offset, void *buffer, u32 len)
{
	u32 type = type_of(ptr);

	if (!ptr->data || out_of_bounds(ptr, offset, len))
		return NULL;
	offset += ptr->offset;
	if (type == TYPE_LOCAL || type == TYPE_RINGBUF)
		return ptr->data + offset;
	if (type == TYPE_SKB)
		return skb_pointer(ptr->data, offset, len);
	if (type == TYPE_XDP) {
		void *at = xdp_pointer(ptr->data, offset, len);

		/* Bytes the packet no longer has stay unwritten in the buffer, as in the kernel. */
		return is_error(at) ? buffer : at;
	}
	return NULL;
}

NATIVE void *bpf_dynptr_slice(const struct bpf_dynptr_kern *ptr, u32 offset, void *buffer, u32 len)
{
	return slice(ptr, offset, buffer, len);
}

NATIVE void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr_kern *ptr, u32 offset, void *buffer, u32 len)
{
	if (!ptr->data || ptr->size & READ_ONLY)
		return NULL;
	return slice(ptr, offset, buffer, len);
}

NATIVE u64 bpf_dynptr_is_null(const struct bpf_dynptr_kern *ptr)
{
	return !ptr->data;
}

NATIVE u64 bpf_dynptr_is_rdonly(const struct bpf_dynptr_kern *ptr)
{
	if (!ptr->data)
		return 0;
	return ptr->size >> 31;
}

NATIVE u64 bpf_dynptr_size(const struct bpf_dynptr_kern *ptr)
{
	if (!ptr->data)
		return (u32)-EINVAL;
	return size_of(ptr);
}

NATIVE s64 bpf_dynptr_adjust(struct bpf_dynptr_kern *ptr, u32 start, u32 end)
{
	u32 size;

	if (!ptr->data || start > end)
		return -EINVAL;
	size = size_of(ptr);
	if (start > size || end > size)
		return -ERANGE;
	ptr->offset += start;
	ptr->size = (ptr->size & ~SIZE_MASK) | (end - start);
	return 0;
}

NATIVE s64 bpf_dynptr_clone(const struct bpf_dynptr_kern *ptr, struct bpf_dynptr_kern *clone)
{
	if (!ptr->data) {
		set(clone, NULL, 0);
		return -EINVAL;
	}
	clone->data = ptr->data;
	clone->size = ptr->size;
	clone->offset = ptr->offset;
	return 0;
}
