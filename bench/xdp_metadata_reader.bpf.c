// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The programs around the ideal bodies of xdp_metadata_ideal.bpf.c. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern int metadata_ideal_veth(const struct xdp_md *ctx) __ksym;
extern int metadata_ideal_mlx5(const struct xdp_md *ctx) __ksym;

SEC("xdp")
int ideal_veth(struct xdp_md *ctx)
{
	return metadata_ideal_veth(ctx);
}

SEC("xdp")
int ideal_mlx5(struct xdp_md *ctx)
{
	return metadata_ideal_mlx5(ctx);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
