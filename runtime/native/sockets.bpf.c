// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Sockets beyond the packet's own: this process has none, so every search ends without one.
 */
#include "native.h"

NATIVE void *bpf_sk_lookup_tcp(void *ctx, void *tuple, u32 size, u64 netns, u64 flags)
{
	return NULL;
}

NATIVE void *bpf_sk_lookup_udp(void *ctx, void *tuple, u32 size, u64 netns, u64 flags)
{
	return NULL;
}

NATIVE void *bpf_skc_lookup_tcp(void *ctx, void *tuple, u32 size, u64 netns, u64 flags)
{
	return NULL;
}

/* Nothing that a program can hold is counted. */
NATIVE s64 bpf_sk_release(void *sock)
{
	return 0;
}

/* No class has been given to the sender. */
NATIVE u64 bpf_get_cgroup_classid(void *skb)
{
	return 0;
}

/* The packet's socket is of no protocol: it is none of these. */
#define NOT_OF_THIS_KIND(name) NATIVE void *name(void *sock) { return NULL; }

NOT_OF_THIS_KIND(bpf_tcp_sock)
NOT_OF_THIS_KIND(bpf_get_listener_sock)
NOT_OF_THIS_KIND(bpf_skc_to_tcp_sock)
NOT_OF_THIS_KIND(bpf_skc_to_tcp6_sock)
NOT_OF_THIS_KIND(bpf_skc_to_tcp_timewait_sock)
NOT_OF_THIS_KIND(bpf_skc_to_tcp_request_sock)
NOT_OF_THIS_KIND(bpf_skc_to_udp6_sock)
NOT_OF_THIS_KIND(bpf_skc_to_unix_sock)
NOT_OF_THIS_KIND(bpf_skc_to_mptcp_sock)
