// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Metadata of packets that an mlx5 card received: what the completion queue entry says. */
#include "metadata.h"

/* The feature's bit in 6.18 (include/linux/netdev_features.h). */
#define NETIF_F_RXHASH (1ULL << 39)
#define HWTSTAMP_FILTER_ALL 1
#define NSEC_PER_SEC 1000000000ULL
#define CQE_HAS_VLAN 1

bpf_kfunc int mlx5e_xdp_rx_timestamp(const struct xdp_md *ctx, __u64 *timestamp)
{
	const struct mlx5e_xdp_buff *buff = (const void *)ctx;
	__u64 stamp;

	if (buff->rq->tstamp->rx_filter != HWTSTAMP_FILTER_ALL)
		return -ENODATA;
	stamp = __builtin_bswap64(buff->cqe->timestamp);
	if (buff->rq->real_time) {
		/* Seconds in the upper half, nanoseconds in the lower one. */
		*timestamp = (stamp >> 32) * NSEC_PER_SEC + (__u32)stamp;
	} else {
		/* A free-running counter: nanoseconds are counted from its last reading, which may be later than the packet. */
		const struct mlx5_clock *clock = buff->rq->clock;
		__u64 cycles = (stamp - clock->cycle_last) & clock->mask;

		if (cycles <= clock->mask / 2) {
			*timestamp = clock->nsec + (cycles * clock->mult >> clock->shift);
		} else {
			cycles = (clock->cycle_last - stamp) & clock->mask;
			*timestamp = clock->nsec - (cycles * clock->mult >> clock->shift);
		}
	}
	return 0;
}

/*
 * The card's type has the layer 3 protocol in bits 2 and 3 (IPv4, IPv6) and the layer 4 protocol in bits 6 and 7 (TCP, UDP, IPsec).
 * The driver looks both up in a table of 16; here each is looked up in a constant, a few bits per entry, as a body has no memory.
 */
static inline __attribute__((always_inline)) __u32 rss_type_of(__u32 type)
{
	__u32 l3 = (XDP_RSS_L3_IPV4 << 2 | XDP_RSS_L3_IPV6 << 4) >> (type >> 1 & 6) & 3;
	__u32 l4 = ((__u32)(XDP_RSS_L4 | XDP_RSS_L4_TCP) << 8 | (XDP_RSS_L4 | XDP_RSS_L4_UDP) << 16 |
		    (__u32)(XDP_RSS_L4 | XDP_RSS_L4_IPSEC) << 24) >> (type >> 3 & 24) & 0xff;

	return l3 ? l3 | l4 : XDP_RSS_TYPE_NONE;
}

bpf_kfunc int mlx5e_xdp_rx_hash(const struct xdp_md *ctx, __u32 *hash, enum xdp_rss_hash_type *rss_type)
{
	const struct mlx5e_xdp_buff *buff = (const void *)ctx;
	const struct mlx5_cqe64 *cqe;

	if (!(buff->xdp.rxq->dev->features & NETIF_F_RXHASH))
		return -ENODATA;
	cqe = buff->cqe;
	*hash = __builtin_bswap32(cqe->rss_hash_result);
	*rss_type = rss_type_of(cqe->rss_hash_type);
	return 0;
}

bpf_kfunc int mlx5e_xdp_rx_vlan_tag(const struct xdp_md *ctx, __be16 *vlan_proto, __u16 *vlan_tci)
{
	const struct mlx5_cqe64 *cqe = ((const struct mlx5e_xdp_buff *)ctx)->cqe;

	if (!(cqe->l4_l3_hdr_type & CQE_HAS_VLAN))
		return -ENODATA;
	*vlan_proto = __builtin_bswap16(ETH_P_8021Q);
	*vlan_tci = __builtin_bswap16(cqe->vlan_info);
	return 0;
}
