/* Programs that replace or trace functions of xdp_subprogs.bpf.c. */
#include "bpf_mini.h"

char _license[] SEC("license") = "Dual BSD/GPL";

SEC("freplace/checked")
u32 lenient(u32 value)
{
	return value & 0xffff;
}

SEC("freplace/checked")
u64 wide(u32 value, u32 other)
{
	return value + other;
}

SEC("freplace")
int drop_packet(struct xdp_md *ctx)
{
	return 1 + (ctx->rx_queue_index & 1);
}

SEC("freplace/concealed")
u32 revealed(u32 value)
{
	return value;
}

SEC("fexit/checked")
int after_check(u64 *ctx)
{
	return ctx[0] == ctx[1] ? 0 : 0;
}
