/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the bodies of the XDP metadata kfuncs share. Each driver embeds the xdp_buff that programs see at the head of a structure of its
 * own, so a body casts its context to that.
 */
#ifndef INLAY_XDP_METADATA_H
#define INLAY_XDP_METADATA_H

#include "inlay_runtime.h"

#define bpf_kfunc __attribute__((btf_decl_tag("bpf_kfunc"), used))

#define ENODATA 61
#define EOPNOTSUPP 95

#define ETH_P_8021Q 0x8100

struct xdp_md;

/* From include/net/xdp.h. */
enum xdp_rss_hash_type {
	XDP_RSS_L3_IPV4 = 1 << 0,
	XDP_RSS_L3_IPV6 = 1 << 1,
	XDP_RSS_L4 = 1 << 3,
	XDP_RSS_L4_TCP = 1 << 4,
	XDP_RSS_L4_UDP = 1 << 5,
	XDP_RSS_L4_IPSEC = 1 << 7,
	XDP_RSS_TYPE_NONE = 0,
	XDP_RSS_TYPE_L4_ANY = XDP_RSS_L4,
};

#endif
