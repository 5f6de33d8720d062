/* Maps as they were declared before BTF. */
#include "bpf_mini.h"

struct old_map {
	u32 type, key_size, value_size, max_entries, map_flags, rest[2];
};

struct old_map flows SEC("maps") = { HASH, 4, 16, 128, 1 };
struct old_map ports SEC("maps") = { ARRAY, 4, 8, 64 };

SEC("classifier")
int look(struct __sk_buff *skb)
{
	u32 key = skb->len;
	return !map_lookup_elem(&ports, &key) + !map_lookup_elem(&flows, &key);
}
