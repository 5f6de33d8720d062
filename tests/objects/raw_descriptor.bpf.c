/* A map descriptor written by hand: 0, which is no map, although the object's first map has the index 0. */
#include "bpf_mini.h"

struct {
	NUMBER(type, ARRAY);
	NUMBER(max_entries, 1);
	TYPE(key, u32);
	TYPE(value, u64);
} first SEC(".maps");

SEC("socket")
int by_hand(struct __sk_buff *skb)
{
	asm volatile(".8byte 0x1118\n\t.8byte 0" ::: "r1");
	return 0;
}

SEC("socket")
int by_name(struct __sk_buff *skb)
{
	u32 key = 0;

	return map_lookup_elem(&first, &key) != 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
