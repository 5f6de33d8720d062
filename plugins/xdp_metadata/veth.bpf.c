// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Metadata of packets that came through a veth pair: what the socket buffer they were knows. */
#include "metadata.h"

bpf_kfunc int veth_xdp_rx_timestamp(const struct xdp_md *ctx, __u64 *timestamp)
{
	const struct sk_buff *skb = ((const struct veth_xdp_buff *)ctx)->skb;

	if (!skb)
		return -ENODATA;
	*timestamp = skb->shinfo->hwtstamps.hwtstamp;
	return 0;
}

/*
 * The driver hashes the packet here if nobody has: a function call in the middle of every program. The body answers only what is
 * known; a runtime that wants a hash for every packet hashes it when it makes the socket buffer.
 */
bpf_kfunc int veth_xdp_rx_hash(const struct xdp_md *ctx, __u32 *hash, enum xdp_rss_hash_type *rss_type)
{
	const struct sk_buff *skb = ((const struct veth_xdp_buff *)ctx)->skb;

	if (!skb)
		return -ENODATA;
	if (!skb->l4_hash && !skb->sw_hash)
		return -ENODATA;
	*hash = skb->hash;
	*rss_type = skb->l4_hash ? XDP_RSS_TYPE_L4_ANY : XDP_RSS_TYPE_NONE;
	return 0;
}

bpf_kfunc int veth_xdp_rx_vlan_tag(const struct xdp_md *ctx, __be16 *vlan_proto, __u16 *vlan_tci)
{
	const struct sk_buff *skb = ((const struct veth_xdp_buff *)ctx)->skb;

	if (!skb)
		return -ENODATA;
	if (!skb->vlan_present) {
		*vlan_tci = 0;
		return -ENODATA;
	}
	*vlan_tci = skb->vlan_tci;
	*vlan_proto = skb->vlan_proto;
	return 0;
}
