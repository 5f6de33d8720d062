// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Array and hash maps, and tries of prefixes. There is one CPU here, so per-CPU maps are plain ones.
 *
 * A hash map is a table of heads and a block of elements; both refer to elements by number from 1, 0 is none. Elements never
 * used lie from `fresh` on, freed ones in a list from `free`. A least-recently-used map that is full gives up the first element,
 * from where it last stopped, that was not looked up since it was last passed.
 */
#include "native.h"

#define BPF_MAP_TYPE_HASH 1
#define BPF_MAP_TYPE_ARRAY 2
#define BPF_MAP_TYPE_PERCPU_HASH 5
#define BPF_MAP_TYPE_PERCPU_ARRAY 6
#define BPF_MAP_TYPE_LRU_HASH 9
#define BPF_MAP_TYPE_LRU_PERCPU_HASH 10
#define BPF_MAP_TYPE_ARRAY_OF_MAPS 12
#define BPF_MAP_TYPE_HASH_OF_MAPS 13

#define BPF_NOEXIST 1
#define BPF_EXIST 2

inline_always int is_lru(const struct bpf_map *map)
{
	return map->map_type == BPF_MAP_TYPE_LRU_HASH || map->map_type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

inline_always int is_hash(const struct bpf_map *map)
{
	return map->map_type == BPF_MAP_TYPE_HASH || map->map_type == BPF_MAP_TYPE_PERCPU_HASH || is_lru(map) ||
	       map->map_type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

inline_always int is_array(const struct bpf_map *map)
{
	return map->map_type == BPF_MAP_TYPE_ARRAY || map->map_type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       map->map_type == BPF_MAP_TYPE_ARRAY_OF_MAPS;
}

inline_always int same_bytes(const void *a, const void *b, u32 size)
{
	while (size >= 4) {
		if (*(const u32 *)a != *(const u32 *)b)
			return 0;
		a += 4;
		b += 4;
		size -= 4;
	}
	while (size > 0) {
		if (*(const u8 *)a != *(const u8 *)b)
			return 0;
		a++;
		b++;
		size--;
	}
	return 1;
}

inline_always struct htab_elem *elem_at(const struct bpf_htab *htab, u32 number)
{
	return (void *)(htab->elems + (u64)(number - 1) * htab->elem_size);
}

inline_always struct htab_elem *find(const struct bpf_htab *htab, const void *key, u32 hash)
{
	u32 number = htab->buckets[hash & htab->bucket_mask];

	while (number) {
		struct htab_elem *elem = elem_at(htab, number);

		if (elem->hash == hash && same_bytes(elem->key, key, htab->map.key_size))
			return elem;
		number = elem->next;
	}
	return NULL;
}

inline_always void *htab_lookup(struct bpf_htab *htab, const void *key)
{
	struct htab_elem *elem = find(htab, key, hash_of(key, htab->map.key_size, htab->hashrnd));

	if (!elem)
		return NULL;
	elem->recent = 1;
	return (void *)elem + htab->value_offset;
}

inline_always int htab_delete(struct bpf_htab *htab, const void *key)
{
	u32 hash = hash_of(key, htab->map.key_size, htab->hashrnd);
	u32 *from = &htab->buckets[hash & htab->bucket_mask];

	while (*from) {
		u32 number = *from;
		struct htab_elem *elem = elem_at(htab, number);

		if (elem->hash == hash && same_bytes(elem->key, key, htab->map.key_size)) {
			*from = elem->next;
			elem->used = 0;
			elem->next = htab->free;
			htab->free = number;
			htab->count--;
			return 0;
		}
		from = &elem->next;
	}
	return -ENOENT;
}

/* The number of an element that nobody uses; 0 if the map is full. */
inline_always u32 take_elem(struct bpf_htab *htab)
{
	u32 number = htab->free;

	if (number) {
		htab->free = elem_at(htab, number)->next;
		return number;
	}
	if (htab->fresh < htab->map.max_entries)
		return ++htab->fresh;
	if (!is_lru(&htab->map))
		return 0;
	/* All are used: two rounds at most, since the first clears every mark. */
	for (;;) {
		struct htab_elem *elem;

		htab->evict = htab->evict < htab->map.max_entries ? htab->evict + 1 : 1;
		elem = elem_at(htab, htab->evict);
		if (!elem->recent)
			break;
		elem->recent = 0;
	}
	htab_delete(htab, elem_at(htab, htab->evict)->key);
	number = htab->free;
	htab->free = elem_at(htab, number)->next;
	return number;
}

inline_always int htab_update(struct bpf_htab *htab, const void *key, const void *value, u64 flags)
{
	u32 hash = hash_of(key, htab->map.key_size, htab->hashrnd);
	struct htab_elem *elem;
	u32 number, *head;

	if (flags > BPF_EXIST)
		return -EINVAL;
	elem = find(htab, key, hash);
	if (elem) {
		if (flags == BPF_NOEXIST)
			return -EEXIST;
		copy_bytes((void *)elem + htab->value_offset, value, htab->map.value_size);
		return 0;
	}
	if (flags == BPF_EXIST)
		return -ENOENT;
	number = take_elem(htab);
	if (!number)
		return -E2BIG;
	elem = elem_at(htab, number);
	head = &htab->buckets[hash & htab->bucket_mask];
	elem->hash = hash;
	elem->used = 1;
	elem->recent = 0;
	copy_bytes(elem->key, key, htab->map.key_size);
	copy_bytes((void *)elem + htab->value_offset, value, htab->map.value_size);
	elem->next = *head;
	*head = number;
	htab->count++;
	return 0;
}

inline_always void *array_lookup(struct bpf_array *array, const void *key)
{
	u32 index = *(const u32 *)key;

	if (index >= array->map.max_entries)
		return NULL;
	return array->value + (u64)index * array->elem_size;
}

/*
 * A trie of prefixes: a node's prefix is longer than its parent's and continues it; bit number `prefixlen` of a key says on which
 * side to go on. Nodes that only part others have no value (JOINT). Nodes are numbered like the elements of a hash.
 */
#define BPF_MAP_TYPE_LPM_TRIE 11
#define USED 1
#define JOINT 2
#define ENOSPC 28

struct lpm_key {
	u32 prefixlen;
	u8 data[];
};

inline_always struct lpm_trie_node *node_at(const struct lpm_trie *trie, u32 number)
{
	return (void *)(trie->nodes + (u64)(number - 1) * trie->elem_size);
}

inline_always u32 bit_of(const u8 *data, u32 number)
{
	return data[number >> 3] >> (7 - (number & 7)) & 1;
}

/* How many bits of the shorter one of both prefixes they have in common. */
inline_always u32 common_bits(const struct lpm_trie_node *node, const struct lpm_key *key)
{
	u32 limit = node->prefixlen < key->prefixlen ? node->prefixlen : key->prefixlen;
	u32 bits = 0;

	while (bits + 8 <= limit && node->data[bits >> 3] == key->data[bits >> 3])
		bits += 8;
	while (bits < limit && bit_of(node->data, bits) == bit_of(key->data, bits))
		bits++;
	return bits;
}

inline_always u32 longest_prefix(const struct lpm_trie *trie)
{
	return (trie->map.key_size - 4) * 8;
}

inline_always void *trie_lookup(const struct lpm_trie *trie, const struct lpm_key *key)
{
	u32 number = trie->root, longest = longest_prefix(trie);
	void *found = NULL;

	if (key->prefixlen > longest)
		return NULL;
	while (number) {
		struct lpm_trie_node *node = node_at(trie, number);
		u32 common = common_bits(node, key);

		if (common < node->prefixlen)
			break;
		if (!(node->flags & JOINT))
			found = (void *)node + trie->value_offset;
		if (common == longest)
			break;
		number = node->child[bit_of(key->data, node->prefixlen)];
	}
	return found;
}

/* There are twice as many nodes as entries, so there is always one. */
inline_always u32 take_node(struct lpm_trie *trie)
{
	u32 number = trie->free;

	if (number)
		trie->free = node_at(trie, number)->child[0];
	else
		number = ++trie->fresh;
	node_at(trie, number)->child[0] = 0;
	node_at(trie, number)->child[1] = 0;
	return number;
}

inline_always void give_node(struct lpm_trie *trie, u32 number)
{
	struct lpm_trie_node *node = node_at(trie, number);

	node->flags = 0;
	node->child[0] = trie->free;
	trie->free = number;
}

inline_always s64 trie_update(struct lpm_trie *trie, const struct lpm_key *key, const void *value, u64 flags)
{
	struct lpm_trie_node *node = NULL, *added;
	u32 *slot = &trie->root, number, common = 0, size = trie->map.key_size - 4;

	if (flags > BPF_EXIST || key->prefixlen > longest_prefix(trie))
		return -EINVAL;
	while (*slot) {
		node = node_at(trie, *slot);
		common = common_bits(node, key);
		if (node->prefixlen != common || node->prefixlen == key->prefixlen)
			break;
		slot = &node->child[bit_of(key->data, node->prefixlen)];
	}
	if (*slot && common == node->prefixlen && !(node->flags & JOINT)) {
		if (flags == BPF_NOEXIST)
			return -EEXIST;
		copy_bytes((void *)node + trie->value_offset, value, trie->map.value_size);
		return 0;
	}
	if (flags == BPF_EXIST)
		return -ENOENT;
	if (trie->count == trie->map.max_entries)
		return -ENOSPC;
	trie->count++;
	if (*slot && common == node->prefixlen) {
		node->flags = USED;
		copy_bytes((void *)node + trie->value_offset, value, trie->map.value_size);
		return 0;
	}
	number = take_node(trie);
	added = node_at(trie, number);
	added->prefixlen = key->prefixlen;
	added->flags = USED;
	copy_bytes(added->data, key->data, size);
	copy_bytes((void *)added + trie->value_offset, value, trie->map.value_size);
	if (!*slot) {
		*slot = number;
	} else if (common == key->prefixlen) {
		added->child[bit_of(node->data, common)] = *slot;
		*slot = number;
	} else {
		u32 parting = take_node(trie);
		struct lpm_trie_node *joint = node_at(trie, parting);
		u32 side = bit_of(key->data, common);

		joint->prefixlen = common;
		joint->flags = USED | JOINT;
		copy_bytes(joint->data, node->data, size);
		joint->child[side] = number;
		joint->child[!side] = *slot;
		*slot = parting;
	}
	return 0;
}

inline_always s64 trie_delete(struct lpm_trie *trie, const struct lpm_key *key)
{
	u32 *slot = &trie->root, *above = NULL, number;
	struct lpm_trie_node *node = NULL, *parent = NULL;

	if (key->prefixlen > longest_prefix(trie))
		return -EINVAL;
	while (*slot) {
		u32 common;

		node = node_at(trie, *slot);
		common = common_bits(node, key);
		if (node->prefixlen != common)
			return -ENOENT;
		if (node->prefixlen == key->prefixlen)
			break;
		parent = node;
		above = slot;
		slot = &node->child[bit_of(key->data, node->prefixlen)];
	}
	number = *slot;
	if (!number || node->flags & JOINT)
		return -ENOENT;
	trie->count--;
	if (node->child[0] && node->child[1]) {
		node->flags |= JOINT;
		return 0;
	}
	if (parent && parent->flags & JOINT && !node->child[0] && !node->child[1]) {
		u32 joint = *above;

		/* The parent has nothing left to part. */
		*above = slot == &parent->child[0] ? parent->child[1] : parent->child[0];
		give_node(trie, joint);
	} else {
		*slot = node->child[0] ? node->child[0] : node->child[1];
	}
	give_node(trie, number);
	return 0;
}

/* In a map of maps a value is the inner map's address. */
inline_always void *inner(void *value)
{
	return value ? *(void **)value : NULL;
}

NATIVE void *bpf_map_lookup_elem(struct bpf_map *map, const void *key)
{
	if (map->map_type == BPF_MAP_TYPE_ARRAY_OF_MAPS)
		return inner(array_lookup((struct bpf_array *)map, key));
	if (map->map_type == BPF_MAP_TYPE_HASH_OF_MAPS)
		return inner(htab_lookup((struct bpf_htab *)map, key));
	if (is_array(map))
		return array_lookup((struct bpf_array *)map, key);
	if (is_hash(map))
		return htab_lookup((struct bpf_htab *)map, key);
	if (map->map_type == BPF_MAP_TYPE_LPM_TRIE)
		return trie_lookup((struct lpm_trie *)map, key);
	return NULL;
}

/* For calls of which the map's kind is known. */
NATIVE void *inlay_htab_lookup(struct bpf_htab *htab, const void *key)
{
	return htab_lookup(htab, key);
}

/* The value's own place, also in maps of maps: what the host reads and writes. */
NATIVE void *inlay_map_value(struct bpf_map *map, const void *key)
{
	if (is_array(map))
		return array_lookup((struct bpf_array *)map, key);
	if (is_hash(map))
		return htab_lookup((struct bpf_htab *)map, key);
	if (map->map_type == BPF_MAP_TYPE_LPM_TRIE)
		return trie_lookup((struct lpm_trie *)map, key);
	return NULL;
}

inline_always s64 update(struct bpf_map *map, const void *key, const void *value, u64 flags)
{
	void *place;

	if (is_hash(map))
		return htab_update((struct bpf_htab *)map, key, value, flags);
	if (map->map_type == BPF_MAP_TYPE_LPM_TRIE)
		return trie_update((struct lpm_trie *)map, key, value, flags);
	if (!is_array(map))
		return -EOPNOTSUPP;
	if (flags > BPF_EXIST)
		return -EINVAL;
	place = array_lookup((struct bpf_array *)map, key);
	if (!place)
		return -E2BIG;
	if (flags == BPF_NOEXIST)
		return -EEXIST;
	copy_bytes(place, value, map->value_size);
	return 0;
}

NATIVE s64 bpf_map_update_elem(struct bpf_map *map, const void *key, const void *value, u64 flags)
{
	return update(map, key, value, flags);
}

/* The host's own update: it may also fill arrays of devices and the like, which programs may not. */
NATIVE s64 inlay_map_set(struct bpf_map *map, const void *key, const void *value, u64 flags)
{
	struct bpf_array *array = (struct bpf_array *)map;
	u32 index;

	if (is_hash(map) || is_array(map) || map->map_type == BPF_MAP_TYPE_LPM_TRIE)
		return update(map, key, value, flags);
	index = *(const u32 *)key;
	if (index >= map->max_entries)
		return -E2BIG;
	copy_bytes(array->value + (u64)index * array->elem_size, value, map->value_size);
	return 0;
}

NATIVE s64 bpf_map_delete_elem(struct bpf_map *map, const void *key)
{
	if (is_hash(map))
		return htab_delete((struct bpf_htab *)map, key);
	if (map->map_type == BPF_MAP_TYPE_LPM_TRIE)
		return trie_delete((struct lpm_trie *)map, key);
	if (is_array(map))
		return -EINVAL;
	return -EOPNOTSUPP;
}

NATIVE void *bpf_map_lookup_percpu_elem(struct bpf_map *map, const void *key, u32 cpu)
{
	if (cpu != 0)
		return NULL;
	if (is_array(map))
		return array_lookup((struct bpf_array *)map, key);
	if (is_hash(map))
		return htab_lookup((struct bpf_htab *)map, key);
	return NULL;
}
