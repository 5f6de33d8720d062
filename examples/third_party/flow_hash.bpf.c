// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The bodies of a module's kfuncs, in C. Each function tagged `bpf_kfunc` becomes a kfunc that programs can call; these only
 * compute, so they need no trust: they are checked in the caller's context.
 */
#define bpf_kfunc __attribute__((btf_decl_tag("bpf_kfunc"), used))

typedef unsigned int __u32;
typedef unsigned long long __u64;

/* One round of a multiplicative hash. */
bpf_kfunc __u32 flow_mix(__u32 hash, __u32 value)
{
	hash ^= value;
	hash *= 0x9e3779b1;
	return hash ^ hash >> 16;
}

/* The index of a queue for a hash: `queues` is 1 to 64, anything else counts as 1. */
bpf_kfunc __u32 flow_queue(__u32 hash, __u32 queues)
{
	if (queues == 0 || queues > 64)
		queues = 1;
	return ((__u64)hash * queues) >> 32;
}
