// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Queues, stacks and bloom filters: maps without keys.
 *
 * Queue and stack are one ring: `first` is the oldest element and `count` how many there are; a queue gives the oldest, a stack the
 * newest. In a bloom filter a value sets as many bits as there are hash functions; it may be there if all of them are set.
 */
#include "native.h"

#define BPF_MAP_TYPE_QUEUE 22
#define BPF_MAP_TYPE_STACK 23
#define BPF_MAP_TYPE_BLOOM_FILTER 30

#define BPF_EXIST 2

/* Tells the functions of a filter apart: odd, so that seeds of neighbouring functions differ in all bytes. */
#define NEXT_FUNCTION 0x9e3779b9

/* Where the element lies that is number `age` from the oldest. */
inline_always void *element(const struct bpf_queue_stack *ring, u32 age)
{
	u64 at = (u64)ring->first + age;

	if (at >= ring->map.max_entries)
		at -= ring->map.max_entries;
	return (void *)ring->value + at * ring->elem_size;
}

inline_always s64 ring_push(struct bpf_queue_stack *ring, const void *value, u64 flags)
{
	if (flags != 0 && flags != BPF_EXIST)
		return -EINVAL;
	if (ring->count == ring->map.max_entries) {
		if (flags != BPF_EXIST)
			return -E2BIG;
		/* The oldest makes room. */
		ring->first++;
		if (ring->first == ring->map.max_entries)
			ring->first = 0;
		ring->count--;
	}
	copy_bytes(element(ring, ring->count), value, ring->map.value_size);
	ring->count++;
	return 0;
}

inline_always s64 ring_get(struct bpf_queue_stack *ring, void *value, int take)
{
	int newest = ring->map.map_type == BPF_MAP_TYPE_STACK;

	if (ring->count == 0) {
		clear_bytes(value, ring->map.value_size);
		return -ENOENT;
	}
	copy_bytes(value, element(ring, newest ? ring->count - 1 : 0), ring->map.value_size);
	if (!take)
		return 0;
	ring->count--;
	if (!newest) {
		ring->first++;
		if (ring->first == ring->map.max_entries)
			ring->first = 0;
	}
	return 0;
}

inline_always u32 bit_for(const struct bpf_bloom_filter *filter, const void *value, u32 function)
{
	return hash_of(value, filter->map.value_size, filter->hash_seed + function * NEXT_FUNCTION) &
	       filter->bitset_mask;
}

inline_always s64 filter_push(struct bpf_bloom_filter *filter, const void *value, u64 flags)
{
	if (flags)
		return -EINVAL;
	for (u32 i = 0; i < filter->nr_hash_funcs; i++) {
		u32 bit = bit_for(filter, value, i);

		filter->bitset[bit >> 6] |= 1ULL << (bit & 63);
	}
	return 0;
}

inline_always s64 filter_peek(const struct bpf_bloom_filter *filter, const void *value)
{
	for (u32 i = 0; i < filter->nr_hash_funcs; i++) {
		u32 bit = bit_for(filter, value, i);

		if (!(filter->bitset[bit >> 6] >> (bit & 63) & 1))
			return -ENOENT;
	}
	return 0;
}

inline_always int is_ring(const struct bpf_map *map)
{
	return map->map_type == BPF_MAP_TYPE_QUEUE || map->map_type == BPF_MAP_TYPE_STACK;
}

NATIVE s64 bpf_map_push_elem(struct bpf_map *map, const void *value, u64 flags)
{
	if (is_ring(map))
		return ring_push((struct bpf_queue_stack *)map, value, flags);
	if (map->map_type == BPF_MAP_TYPE_BLOOM_FILTER)
		return filter_push((struct bpf_bloom_filter *)map, value, flags);
	return -EOPNOTSUPP;
}

NATIVE s64 bpf_map_pop_elem(struct bpf_map *map, void *value)
{
	if (is_ring(map))
		return ring_get((struct bpf_queue_stack *)map, value, 1);
	return -EOPNOTSUPP;
}

NATIVE s64 bpf_map_peek_elem(struct bpf_map *map, void *value)
{
	if (is_ring(map))
		return ring_get((struct bpf_queue_stack *)map, value, 0);
	if (map->map_type == BPF_MAP_TYPE_BLOOM_FILTER)
		return filter_peek((struct bpf_bloom_filter *)map, value);
	return -EOPNOTSUPP;
}
