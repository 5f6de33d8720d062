// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The kernel's own metadata kfuncs: what a program gets on a device whose driver does not answer. */
#include "metadata.h"

bpf_kfunc int bpf_xdp_metadata_rx_timestamp(const struct xdp_md *ctx, __u64 *timestamp)
{
	return -EOPNOTSUPP;
}

bpf_kfunc int bpf_xdp_metadata_rx_hash(const struct xdp_md *ctx, __u32 *hash, enum xdp_rss_hash_type *rss_type)
{
	return -EOPNOTSUPP;
}

bpf_kfunc int bpf_xdp_metadata_rx_vlan_tag(const struct xdp_md *ctx, __be16 *vlan_proto, __u16 *vlan_tci)
{
	return -EOPNOTSUPP;
}
