// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Helpers that call back into the program, all but bpf_loop (whose few instructions are written out in machine code): they reach
 * the callback through inlay_invoke, the one thing here that BPF cannot say.
 */
#include "native.h"

#define BPF_MAP_TYPE_HASH 1
#define BPF_MAP_TYPE_ARRAY 2
#define BPF_MAP_TYPE_PERCPU_HASH 5
#define BPF_MAP_TYPE_PERCPU_ARRAY 6
#define BPF_MAP_TYPE_LRU_HASH 9
#define BPF_MAP_TYPE_LRU_PERCPU_HASH 10

#define MAX_TAIL_CALLS 33

extern u64 inlay_invoke(void *callback, u64 a, u64 b, u64 c, u64 d) __attribute__((section(".ksyms")));
/* Runs another program, to its end or to where it throws. */
extern u64 inlay_enter(void *entry, void *context) __attribute__((section(".ksyms")));

NATIVE s64 bpf_for_each_map_elem(struct bpf_map *map, void *callback, u64 context, u64 flags)
{
	u32 type = map->map_type;
	s64 done = 0;

	if (flags)
		return -EINVAL;
	if (type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY) {
		struct bpf_array *array = (struct bpf_array *)map;

		for (u32 i = 0; i < map->max_entries; i++) {
			u32 key = i;

			done++;
			if (inlay_invoke(callback, (u64)map, (u64)&key, (u64)(array->value + (u64)i * array->elem_size),
					 context))
				break;
		}
		return done;
	}
	if (type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_HASH ||
	    type == BPF_MAP_TYPE_LRU_PERCPU_HASH) {
		struct bpf_htab *htab = (struct bpf_htab *)map;

		/* A callback may delete its element or add others: elements stay where they are. */
		for (u32 i = 0; i < htab->fresh; i++) {
			struct htab_elem *elem = (void *)(htab->elems + (u64)i * htab->elem_size);

			if (!elem->used)
				continue;
			done++;
			if (inlay_invoke(callback, (u64)map, (u64)elem->key, (u64)elem + htab->value_offset, context))
				break;
		}
		return done;
	}
	return -EOPNOTSUPP;
}

/*
 * Runs the target to its end and says so in the control block; the caller, lowered for this, then leaves with the same result.
 * What the kernel does with a jump takes a frame here, of which there are at most 33 more.
 */
NATIVE s64 bpf_tail_call(void *context, struct bpf_map *map, u32 index)
{
	struct bpf_array *array = (struct bpf_array *)map;
	void *target;
	s64 result;

	if (index >= map->max_entries)
		return -ENOENT;
	target = *(void **)(array->value + (u64)index * array->elem_size);
	if (!target || inlay_control.tail_calls >= MAX_TAIL_CALLS)
		return -ENOENT;
	inlay_control.tail_calls++;
	result = inlay_enter(target, context);
	inlay_control.tail_called = 1;
	return result;
}
