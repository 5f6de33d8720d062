// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Sockets beyond the packet's own, and routes: this process has none, so every search ends without one.
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

#define AF_INET 2
#define AF_INET6 10
#define EAFNOSUPPORT 97
/* BPF_FIB_LOOKUP_*: DIRECT, OUTPUT, SKIP_NEIGH, TBID, SRC, MARK. */
#define FIB_FLAGS 0x3f
/* struct bpf_fib_lookup */
#define FIB_BYTES 64

NATIVE s64 bpf_fib_lookup(void *ctx, const u8 *family, u32 size, u32 flags)
{
	if (size < FIB_BYTES || (flags & ~FIB_FLAGS))
		return -EINVAL;
	/* There is no device of any number. */
	return *family == AF_INET || *family == AF_INET6 ? -ENODEV : -EAFNOSUPPORT;
}

#define BPF_SK_STORAGE_GET_F_CREATE 1

/* What a map keeps for the packet's socket, the only one there is: map_extra says whether it has. */
NATIVE void *bpf_sk_storage_get(struct bpf_map *map, void *sock, const void *value, u64 flags)
{
	struct bpf_array *storage = (void *)map;

	if (!sock || flags > BPF_SK_STORAGE_GET_F_CREATE)
		return NULL;
	if (!map->map_extra) {
		if (!flags)
			return NULL;
		if (value)
			copy_bytes(storage->value, value, map->value_size);
		map->map_extra = 1;
	}
	return storage->value;
}

NATIVE s64 bpf_sk_storage_delete(struct bpf_map *map, void *sock)
{
	struct bpf_array *storage = (void *)map;

	if (!sock)
		return -EINVAL;
	if (!map->map_extra)
		return -ENOENT;
	map->map_extra = 0;
	clear_bytes(storage->value, map->value_size);
	return 0;
}
