// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Helpers on socket buffers, and the kernel functions that bodies of such kfuncs call. Buffers are linear and never shared, so
 * making them writable only checks the length.
 */
#include "packet.h"

#define TC_ACT_SHOT 2
#define TC_ACT_REDIRECT 7
#define BPF_F_INGRESS 1
#define BPF_F_HDR_FIELD_MASK 0xf
#define BPF_F_PSEUDO_HDR 0x10
#define BPF_F_MARK_MANGLED_0 0x20
#define BPF_F_MARK_ENFORCE 0x40
#define BPF_F_IPV6 0x80
#define SKB_MAX_LEN 16064
#define BPF_MTU_CHK_SEGS 1
#define BPF_HDR_START_MAC 0
#define BPF_HDR_START_NET 1

NATIVE s64 bpf_skb_load_bytes(struct sk_buff *skb, u32 offset, void *to, u32 len)
{
	return skb_load(skb, offset, to, len);
}

NATIVE s64 bpf_skb_store_bytes(struct sk_buff *skb, u32 offset, const void *from, u32 len, u64 flags)
{
	s64 result = skb_store(skb, offset, from, len, flags);

	skb_compute_pointers(skb);
	return result;
}

NATIVE s64 bpf_skb_load_bytes_relative(struct sk_buff *skb, u32 offset, void *to, u32 len, u32 start)
{
	u8 *from;

	if (offset > 0xffff || start > BPF_HDR_START_NET)
		goto outside;
	from = skb->head + (start == BPF_HDR_START_MAC ? skb->mac_header : skb->network_header) + offset;
	if (from + len > skb->head + skb->tail)
		goto outside;
	copy_bytes(to, from, len);
	return 0;
outside:
	clear_bytes(to, len);
	return -EFAULT;
}

NATIVE s64 bpf_skb_pull_data(struct sk_buff *skb, u32 len)
{
	skb_compute_pointers(skb);
	return len > skb->len ? -12 /* ENOMEM: there is nothing to pull */ : 0;
}

NATIVE s64 bpf_skb_change_tail(struct sk_buff *skb, u32 len, u64 flags)
{
	s32 least = skb->head + skb->network_header - skb->data;

	if (flags || len > SKB_MAX_LEN || (s32)len < (least > 0 ? least : 0))
		return -EINVAL;
	if (len > skb->len) {
		u32 more = len - skb->len;

		if (skb->tail + more > skb->end)
			return -12;
		clear_bytes(skb->head + skb->tail, more);
		skb->tail += more;
	} else {
		skb->tail -= skb->len - len;
	}
	skb->len = len;
	skb_compute_pointers(skb);
	return 0;
}

NATIVE s64 bpf_skb_change_head(struct sk_buff *skb, u32 room, u64 flags)
{
	u32 len = skb->len + room;

	if (flags || len > SKB_MAX_LEN || len < skb->len)
		return -EINVAL;
	if (skb->data - skb->head < room)
		return -12;
	skb->data -= room;
	skb->len = len;
	clear_bytes(skb->data, room);
	skb->mac_header = skb->data - skb->head;
	skb->mac_len = skb->network_header - skb->mac_header;
	skb_compute_pointers(skb);
	return 0;
}

NATIVE s64 bpf_skb_change_type(struct sk_buff *skb, u32 type)
{
	/* Only among host, broadcast, multicast and otherhost, both the old and the new. */
	if (skb->pkt_type > 3 || type > 3)
		return -EINVAL;
	skb->pkt_type = type;
	return 0;
}

inline_always u32 recalculated_hash(struct sk_buff *skb)
{
	if (!skb->l4_hash && !skb->sw_hash) {
		u32 hash = inlay_state.hash_seed;
		u32 end = skb->len - skb->data_len;

		/* The first 64 bytes: addresses and ports lie there. */
		for (u32 i = 0; i < 64 && i < end; i++) {
			hash = (hash ^ skb->data[i]) * 0x01000193;
			barrier();
		}
		skb->hash = hash ? hash : 1;
		skb->sw_hash = 1;
	}
	return skb->hash;
}

NATIVE u64 bpf_get_hash_recalc(struct sk_buff *skb)
{
	return recalculated_hash(skb);
}

NATIVE u64 skb_get_hash(struct sk_buff *skb)
{
	return recalculated_hash(skb);
}

NATIVE s64 bpf_set_hash_invalid(struct sk_buff *skb)
{
	skb->hash = 0;
	skb->sw_hash = 0;
	skb->l4_hash = 0;
	return 0;
}

NATIVE s64 bpf_set_hash(struct sk_buff *skb, u32 hash)
{
	skb->hash = hash;
	skb->sw_hash = 1;
	skb->l4_hash = 0;
	return 0;
}

NATIVE void *skb_header_pointer(struct sk_buff *skb, s32 offset, s32 len, void *buffer)
{
	return skb_pointer(skb, offset, len);
}

NATIVE void *skb_pointer_if_linear(struct sk_buff *skb, s32 offset, s32 len)
{
	return skb_pointer(skb, offset, len);
}

/* Folds a 32-bit one's complement sum to 16 bits, not inverted. */
inline_always u32 fold(u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

inline_always u64 sum_words(const void *bytes, u32 size)
{
	u64 sum = 0;

	while (size >= 4) {
		sum += *(const u32 *)bytes;
		bytes += 4;
		size -= 4;
	}
	return sum;
}

/* The checksum after `from` became `to` in what it covers; both already widened, `from` inverted. */
inline_always u16 replaced(u16 sum, u32 inverted_from, u32 to)
{
	return ~fold((u64)(u16)~sum + inverted_from + to);
}

/* The sum in 32 bits: carries come back in at the bottom. Zero has two forms, and which one comes out shows in the result. */
inline_always u32 partial(const void *bytes, u32 size, u32 seed)
{
	u64 sum = sum_words(bytes, size) + seed;

	sum = (sum & 0xffffffff) + (sum >> 32);
	return sum + (sum >> 32);
}

NATIVE s64 bpf_csum_diff(const void *from, u32 from_size, const void *to, u32 to_size, u32 seed)
{
	if ((from_size | to_size) & 3)
		return -EINVAL;
	if (from_size && to_size)
		return fold((u64)partial(to, to_size, seed) + (u32)~partial(from, from_size, 0));
	if (to_size)
		return fold(partial(to, to_size, seed));
	if (from_size)
		return fold((u32)~partial(from, from_size, ~seed));
	return fold(seed);
}

NATIVE s64 bpf_csum_update(struct sk_buff *skb, u32 csum)
{
	if (skb->ip_summed == 2 /* CHECKSUM_COMPLETE */) {
		u64 sum = (u64)skb->csum + csum;

		skb->csum = sum + (sum >> 32);
		return skb->csum;
	}
	return -ENOTSUPP;
}

NATIVE s64 bpf_l3_csum_replace(struct sk_buff *skb, u32 offset, u64 from, u64 to, u64 flags)
{
	u16 *sum;

	if (flags & ~(u64)BPF_F_HDR_FIELD_MASK)
		return -EINVAL;
	if (offset > 0xffff || offset & 1)
		return -EFAULT;
	sum = skb_pointer(skb, offset, 2);
	if (!sum)
		return -EFAULT;
	switch (flags & BPF_F_HDR_FIELD_MASK) {
	case 0:
		if (from)
			return -EINVAL;
		*sum = replaced(*sum, 0, to);
		break;
	case 2:
		*sum = replaced(*sum, (u16)~from, (u16)to);
		break;
	case 4:
		*sum = replaced(*sum, ~(u32)from, to);
		break;
	default:
		return -EINVAL;
	}
	skb_compute_pointers(skb);
	return 0;
}

NATIVE s64 bpf_l4_csum_replace(struct sk_buff *skb, u32 offset, u64 from, u64 to, u64 flags)
{
	u16 *sum;

	if (flags & ~(u64)(BPF_F_MARK_MANGLED_0 | BPF_F_MARK_ENFORCE | BPF_F_PSEUDO_HDR | BPF_F_HDR_FIELD_MASK | BPF_F_IPV6))
		return -EINVAL;
	if (offset > 0xffff || offset & 1)
		return -EFAULT;
	sum = skb_pointer(skb, offset, 2);
	if (!sum)
		return -EFAULT;
	if (flags & BPF_F_MARK_MANGLED_0 && !(flags & BPF_F_MARK_ENFORCE) && !*sum)
		return 0;
	/* Hardware offload does not exist here, so the pseudo header's share is never deferred. */
	switch (flags & BPF_F_HDR_FIELD_MASK) {
	case 0:
		if (from)
			return -EINVAL;
		*sum = replaced(*sum, 0, to);
		break;
	case 2:
		*sum = replaced(*sum, (u16)~from, (u16)to);
		break;
	case 4:
		*sum = replaced(*sum, ~(u32)from, to);
		break;
	default:
		return -EINVAL;
	}
	if (flags & BPF_F_MARK_MANGLED_0 && !*sum)
		*sum = 0xffff;
	skb_compute_pointers(skb);
	return 0;
}

/* No socket here is half made or half gone. */
NATIVE void *bpf_sk_fullsock(struct sock *sk)
{
	return sk;
}

NATIVE s64 inlay_skb_check_mtu(struct sk_buff *skb, u32 ifindex, u32 *mtu_len, s32 difference, u64 flags)
{
	struct net_device *dev = skb->dev;
	s64 len = *mtu_len ? (s64)*mtu_len + ETH_HLEN : (s64)skb->len;

	if (flags & ~(u64)BPF_MTU_CHK_SEGS)
		return -EINVAL;
	if (flags & BPF_MTU_CHK_SEGS && (difference || *mtu_len))
		return -EINVAL;
	if (ifindex && ifindex != dev->ifindex)
		return -ENODEV;
	*mtu_len = dev->mtu;
	/* Longer packets of several segments are cut to fit; none here is. */
	return len + difference <= (s64)dev->mtu + ETH_HLEN ? 0 : 1;
}

NATIVE s64 inlay_skb_redirect(u32 ifindex, u64 flags)
{
	if (flags & ~(u64)BPF_F_INGRESS)
		return TC_ACT_SHOT;
	inlay_state.redirect_flags = flags;
	inlay_state.redirect_map = NULL;
	inlay_state.redirect_target = ifindex;
	inlay_state.redirected = 1;
	return TC_ACT_REDIRECT;
}

/*
 * Legacy packet loads: `width` bytes in network order at `offset`, as a host number; offsets from -0x100000 count from the network
 * header, from -0x200000 from the link header. All ones beyond the packet, which no such load can give.
 */
NATIVE u64 inlay_load_packet(struct sk_buff *skb, s32 offset, u32 width)
{
	u8 *at;

	if (offset >= 0)
		at = skb->data + offset;
	else if (offset >= -0x100000)
		at = skb->head + skb->network_header + (offset + 0x100000);
	else if (offset >= -0x200000)
		at = skb->head + skb->mac_header + (offset + 0x200000);
	else
		return -1;
	if (at < skb->head || at + width > skb->head + skb->tail)
		return -1;
	if (width == 1)
		return *at;
	if (width == 2)
		return (u32)at[0] << 8 | at[1];
	return (u32)at[0] << 24 | (u32)at[1] << 16 | (u32)at[2] << 8 | at[3];
}
