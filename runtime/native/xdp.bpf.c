// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * XDP helpers, and the kernel functions that bodies of XDP kfuncs call. Limits are those of the kernel's test runs: room for a
 * struct xdp_frame in front, for the shared info behind.
 */
#include "packet.h"

#define XDP_FRAME_SIZE 40
#define SHARED_INFO_SIZE 320
#define META_MAX 255

#define XDP_ABORTED 0
#define XDP_REDIRECT 4
#define XDP_ACTIONS 3
#define BPF_F_BROADCAST 8
#define BPF_F_EXCLUDE_INGRESS 16

inline_always u64 meta_len(const struct xdp_buff *xdp)
{
	return xdp->data_meta > xdp->data ? 0 : xdp->data - xdp->data_meta;
}

NATIVE s64 bpf_xdp_adjust_head(struct xdp_buff *xdp, s32 offset)
{
	u64 meta = meta_len(xdp);
	void *data = xdp->data + offset;

	if (data < xdp->data_hard_start + XDP_FRAME_SIZE + meta || data > xdp->data_end - ETH_HLEN)
		return -EINVAL;
	if (meta)
		move_bytes(xdp->data_meta + offset, xdp->data_meta, meta);
	xdp->data_meta += offset;
	xdp->data = data;
	return 0;
}

NATIVE s64 bpf_xdp_adjust_meta(struct xdp_buff *xdp, s32 offset)
{
	void *meta = xdp->data_meta + offset;
	u64 len = xdp->data - meta;

	if (xdp->data_meta > xdp->data)
		return -ENOTSUPP;
	if (meta < xdp->data_hard_start + XDP_FRAME_SIZE || meta > xdp->data)
		return -EINVAL;
	if (len & 3 || len > META_MAX)
		return -EACCES;
	xdp->data_meta = meta;
	return 0;
}

NATIVE s64 bpf_xdp_adjust_tail(struct xdp_buff *xdp, s32 offset)
{
	void *end = xdp->data_end + offset;

	if (end > xdp->data_hard_start + xdp->frame_sz - SHARED_INFO_SIZE)
		return -EINVAL;
	if (end < xdp->data + ETH_HLEN)
		return -EINVAL;
	if (offset > 0)
		clear_bytes(xdp->data_end, offset);
	xdp->data_end = end;
	return 0;
}

NATIVE s64 bpf_xdp_load_bytes(struct xdp_buff *xdp, u32 offset, void *to, u32 len)
{
	return xdp_load(xdp, offset, to, len);
}

NATIVE s64 bpf_xdp_store_bytes(struct xdp_buff *xdp, u32 offset, const void *from, u32 len)
{
	return xdp_store(xdp, offset, from, len);
}

NATIVE u64 bpf_xdp_get_buff_len(struct xdp_buff *xdp)
{
	return xdp_len(xdp);
}

/* The kernel function under its own name, for bodies compiled from the kernel's sources. */
NATIVE u64 xdp_get_buff_len(const struct xdp_buff *xdp)
{
	return xdp_len(xdp);
}

NATIVE void *bpf_xdp_pointer(struct xdp_buff *xdp, u32 offset, u32 len)
{
	return xdp_pointer(xdp, offset, len);
}

NATIVE void bpf_xdp_copy_buf(struct xdp_buff *xdp, u32 offset, void *buffer, u32 len, u32 flush)
{
	void *place = xdp_pointer(xdp, offset, len);

	if (is_error(place))
		return;
	if (flush)
		copy_bytes(place, buffer, len);
	else
		copy_bytes(buffer, place, len);
}

NATIVE s64 inlay_xdp_check_mtu(struct xdp_buff *xdp, u32 ifindex, u32 *mtu_len, s32 difference, u64 flags)
{
	struct net_device *dev = xdp->rxq->dev;
	s64 len = *mtu_len ? (s64)*mtu_len + ETH_HLEN : (s64)xdp_len(xdp);

	if (flags)
		return -EINVAL;
	if (ifindex && ifindex != dev->ifindex)
		return -ENODEV;
	*mtu_len = dev->mtu;
	return len + difference <= (s64)dev->mtu + ETH_HLEN ? 0 : 1;
}

/* Nothing is sent anywhere: the run's result says where to. */
NATIVE s64 inlay_xdp_redirect(u32 ifindex, u64 flags)
{
	if (flags)
		return XDP_ABORTED;
	inlay_state.redirect_flags = 0;
	inlay_state.redirect_map = NULL;
	inlay_state.redirect_target = ifindex;
	inlay_state.redirected = 1;
	return XDP_REDIRECT;
}

/* Maps of devices, CPUs and sockets are arrays here, or a hash for DEVMAP_HASH; an entry that is 0 is empty. */
inline_always s64 redirect_through(struct bpf_map *map, const void *value, u32 index, u64 flags)
{
	if (flags & ~(u64)(XDP_ACTIONS | BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS))
		return XDP_ABORTED;
	if ((!value || !*(const u32 *)value) && !(flags & BPF_F_BROADCAST)) {
		inlay_state.redirected = 0;
		return flags & XDP_ACTIONS;
	}
	inlay_state.redirect_map = map;
	inlay_state.redirect_target = index;
	inlay_state.redirect_flags = flags & BPF_F_BROADCAST ? flags : 0;
	inlay_state.redirected = 1;
	return XDP_REDIRECT;
}

NATIVE s64 bpf_redirect_map(struct bpf_map *map, u64 key, u64 flags)
{
	struct bpf_array *array = (struct bpf_array *)map;
	u32 index = key;

	return redirect_through(map, index < map->max_entries ? array->value + (u64)index * array->elem_size : NULL, index,
				flags);
}
