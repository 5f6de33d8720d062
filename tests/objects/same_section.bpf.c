/* Subprograms beside their callers, a function under two names, an iproute2 map. */
#include "bpf_mini.h"

struct elf_map {
	u32 type, key_size, value_size, max_entries, flags, id, pinning, inner_id, inner_idx;
};

struct elf_map shared_flows SEC("maps") = { HASH, 4, 8, 32, 0, 7, 2 };

static SEC("classifier") NOINLINE u32 beside(u32 value)
{
	asm volatile("" : "+r"(value));
	return value * 3;
}

static SEC("classifier") NOINLINE int flow_of(u32 value)
{
	return map_lookup_elem(&shared_flows, &value) ? beside(value) : 0;
}

SEC("classifier")
int first(struct __sk_buff *skb)
{
	return flow_of(skb->len);
}

SEC("classifier")
int second(struct __sk_buff *skb)
{
	return beside(skb->mark) + flow_of(skb->len);
}

NOINLINE int renamed(struct __sk_buff *skb)
{
	return flow_of(skb->mark);
}

int alias_of_renamed(struct __sk_buff *skb) __attribute__((alias("renamed")));

SEC("action")
int third(struct __sk_buff *skb)
{
	return alias_of_renamed(skb);
}
