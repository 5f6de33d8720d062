// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Programs that a kernel refuses, one mistake each: for `inlay verify --explain`.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_helpers.h>

#define SIZE 16

struct config {
	int index;
	__u32 length;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct config);
} configs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

__u64 table[SIZE];
volatile int stop;

/* Only the Ethernet header is compared with the packet's end. */
SEC("xdp")
int short_packet(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);

	if (data + sizeof(*eth) > data_end)
		return XDP_DROP;
	return ip->protocol == 6 ? XDP_PASS : XDP_DROP;
}

/* The comparison is signed: a negative index passes it. */
SEC("xdp")
int signed_index(struct xdp_md *ctx)
{
	__u32 key = 0;
	struct config *config = bpf_map_lookup_elem(&configs, &key);
	int index;

	if (!config)
		return XDP_DROP;
	index = config->index;
	if (index >= SIZE)
		return XDP_DROP;
	return table[index] ? XDP_PASS : XDP_DROP;
}

/* The index that is compared and the index that is used are two reads of the map. */
SEC("xdp")
int read_twice(struct xdp_md *ctx)
{
	__u32 key = 0;
	volatile struct config *config = bpf_map_lookup_elem(&configs, &key);

	if (!config)
		return XDP_DROP;
	if ((__u32)config->index >= SIZE)
		return XDP_DROP;
	return table[(__u32)config->index] ? XDP_PASS : XDP_DROP;
}

/* What a lookup gives may be NULL. */
SEC("xdp")
int no_null_check(struct xdp_md *ctx)
{
	__u32 key = 0;
	struct config *config = bpf_map_lookup_elem(&configs, &key);

	return config->length > 64 ? XDP_PASS : XDP_DROP;
}

/* One of two ways out forgets what was reserved. */
SEC("xdp")
int forgotten(struct xdp_md *ctx)
{
	__u32 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return XDP_PASS;
	*event = ctx->rx_queue_index;
	if (*event == 0)
		return XDP_PASS;
	bpf_ringbuf_submit(event, 0);
	return XDP_PASS;
}

/* Nothing that the program does ends the loop. */
SEC("xdp")
int endless(struct xdp_md *ctx)
{
	while (!stop)
		;
	return XDP_PASS;
}

/* Moving the packet's head makes old pointers void. */
SEC("xdp")
int old_pointer(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;

	if (data + sizeof(*eth) > data_end)
		return XDP_DROP;
	if (bpf_xdp_adjust_head(ctx, -8))
		return XDP_DROP;
	return eth->h_proto ? XDP_PASS : XDP_DROP;
}

/* The length is compared in 32 bits, and passed in 64. */
SEC("xdp")
int large_copy(struct xdp_md *ctx)
{
	char buffer[SIZE] = {};
	__u32 length = ctx->data_end - ctx->data;

	if (length == 0 || length > 2 * SIZE)
		return XDP_DROP;
	if (bpf_xdp_load_bytes(ctx, 0, buffer, length))
		return XDP_DROP;
	return buffer[0] ? XDP_PASS : XDP_DROP;
}

/* Programs of this type return 0 or 1. */
SEC("cgroup/sock_create")
int too_much(struct bpf_sock *ctx)
{
	return ctx->family;
}

char _license[] SEC("license") = "Dual BSD/GPL";
