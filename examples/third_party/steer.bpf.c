// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A program that uses the module: it steers IPv4 packets to one of eight queues by their addresses. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

extern __u32 flow_mix(__u32 hash, __u32 value) __ksym;
extern __u32 flow_queue(__u32 hash, __u32 queues) __ksym;

SEC("xdp")
int steer(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);
	__u32 hash;

	if ((void *)(ip + 1) > data_end || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	hash = flow_mix(0, ip->saddr);
	hash = flow_mix(hash, ip->daddr);
	hash = flow_mix(hash, ip->protocol);
	return 16 + flow_queue(hash, 8);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
