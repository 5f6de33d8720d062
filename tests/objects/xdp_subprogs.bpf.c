/* Programs that share subprograms, variables of every section, maps of every shape. */
#include "bpf_mini.h"

char _license[] SEC("license") = "Dual BSD/GPL";
u32 _version SEC("version") = 0x60c00;

struct pair {
	u32 first;
	u64 second;
};

struct {
	NUMBER(type, HASH);
	NUMBER(max_entries, 16);
	NUMBER(map_flags, 1);
	TYPE(key, u32);
	TYPE(value, struct pair);
} pairs SEC(".maps");

struct inner_map {
	NUMBER(type, ARRAY);
	NUMBER(max_entries, 4);
	NUMBER(key_size, 4);
	NUMBER(value_size, 8);
};

struct inner_map first_inner SEC(".maps"), second_inner SEC(".maps");

struct {
	NUMBER(type, ARRAY_OF_MAPS);
	NUMBER(max_entries, 3);
	NUMBER(key_size, 4);
	VALUES(struct inner_map);
} outer SEC(".maps") = { .values = { [0] = (void *)&first_inner, [2] = (void *)&second_inner } };

int count_packet(struct xdp_md *ctx);

struct {
	NUMBER(type, PROG_ARRAY);
	NUMBER(max_entries, 2);
	NUMBER(key_size, 4);
	VALUES(int (void *));
} jumps SEC(".maps") = { .values = { [1] = (void *)&count_packet } };

struct {
	NUMBER(type, RINGBUF);
	NUMBER(max_entries, 5000);
} ring SEC(".maps");

u64 packets = 7;
u32 zeroed[4];
const volatile u32 limit = 1500;
static volatile u32 hidden_counter SEC(".data.private");

/* Static: called through its section. */
static NOINLINE u32 twice(u32 value)
{
	return value + value + hidden_counter;
}

/* Global: called by its symbol, verified on its own. */
NOINLINE u32 checked(u32 value)
{
	return value > limit ? limit : twice(value);
}

/* Global for the linker, static for the verifier. */
HIDDEN NOINLINE u32 concealed(u32 value)
{
	return value ^ zeroed[1];
}

static long each(u32 index, void *ctx)
{
	*(u64 *)ctx += index;
	return 0;
}

SEC("xdp")
int count_packet(struct xdp_md *ctx)
{
	u32 key = 0;
	struct pair *pair = map_lookup_elem(&pairs, &key);
	if (pair)
		pair->second += concealed(ctx->ingress_ifindex);
	packets++;
	return checked(ctx->rx_queue_index);
}

SEC("xdp.frags")
TAG("comment:test_prog_flags=BPF_F_TEST_STATE_FREQ")
TAG("comment:test_expect_success")
int loop_packet(struct xdp_md *ctx)
{
	u64 sum = 0;
	loop(ctx->data, each, &sum, 0);
	tail_call(ctx, &jumps, 1);
	return sum + checked(1);
}

SEC("?tc")
int optional(struct __sk_buff *skb)
{
	void *inner = map_lookup_elem(&outer, &zeroed[2]);
	return inner && map_lookup_elem(&ring, &zeroed[2]) ? concealed(skb->mark) : 0;
}

SEC("fentry/do_unlinkat")
int on_unlink(void *ctx)
{
	return 0;
}
