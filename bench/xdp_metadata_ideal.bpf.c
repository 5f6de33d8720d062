// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The ideal that inlined metadata kfuncs are measured against: the same reads as examples/xdp_metadata, with the drivers' bodies
 * inlined by hand and by clang into one function. No verifier could check it as a program, so it is a body that asks for trust.
 */
#include "../plugins/xdp_metadata/veth.bpf.c"
#include "../plugins/xdp_metadata/mlx5.bpf.c"

/* As in examples/xdp_metadata. */
#define READS 32

#define READ_ALL(driver)                                                              \
	__u64 timestamp = 0, total = 0;                                               \
	enum xdp_rss_hash_type type = 0;                                              \
	__u32 hash = 0;                                                               \
	__be16 proto = 0;                                                             \
	__u16 tci = 0;                                                                \
	_Pragma("clang loop unroll(full)") for (int i = 0; i < READS; i++) {          \
		if (!driver##_xdp_rx_timestamp(ctx, &timestamp))                      \
			total += timestamp;                                           \
		if (!driver##_xdp_rx_hash(ctx, &hash, &type))                         \
			total += hash ^ type;                                         \
		if (!driver##_xdp_rx_vlan_tag(ctx, &proto, &tci))                     \
			total += proto ^ tci;                                         \
		/* Each round reads anew, as calls would. */                          \
		asm volatile("" : "+r"(total)::"memory");                             \
	}                                                                             \
	return total

bpf_kfunc __attribute__((flatten)) int metadata_ideal_veth(const struct xdp_md *ctx)
{
	READ_ALL(veth);
}

bpf_kfunc __attribute__((flatten)) int metadata_ideal_mlx5(const struct xdp_md *ctx)
{
	READ_ALL(mlx5e);
}
