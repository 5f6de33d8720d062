// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the network card knows about a packet, by the kfuncs every driver answers in its own way. The program is bound to a
 * device when it is loaded; the bodies spliced into it are that device's driver's.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum xdp_rss_hash_type {
	XDP_RSS_TYPE_NONE = 0,
};

extern int bpf_xdp_metadata_rx_timestamp(const struct xdp_md *ctx, __u64 *timestamp) __ksym;
extern int bpf_xdp_metadata_rx_hash(const struct xdp_md *ctx, __u32 *hash, enum xdp_rss_hash_type *rss_type) __ksym;
extern int bpf_xdp_metadata_rx_vlan_tag(const struct xdp_md *ctx, __be16 *vlan_proto, __u16 *vlan_tci) __ksym;

/* Reads per run: enough to see a call's cost beside the program's own. */
#define READS 32

SEC("xdp")
int metadata(struct xdp_md *ctx)
{
	__u64 timestamp = 0, total = 0;
	enum xdp_rss_hash_type type = 0;
	__u32 hash = 0;
	__be16 proto = 0;
	__u16 tci = 0;

#pragma clang loop unroll(full)
	for (int i = 0; i < READS; i++) {
		if (!bpf_xdp_metadata_rx_timestamp(ctx, &timestamp))
			total += timestamp;
		if (!bpf_xdp_metadata_rx_hash(ctx, &hash, &type))
			total += hash ^ type;
		if (!bpf_xdp_metadata_rx_vlan_tag(ctx, &proto, &tci))
			total += proto ^ tci;
		asm volatile("" : "+r"(total)); /* add now, not all at the end */
	}
	return total;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
