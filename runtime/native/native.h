/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the runtime's native functions share: each is a BPF function over the runtime's structures, compiled like any program, so
 * that it can be called, spliced or interpreted. A function's name is the helper's or kernel function's whose work it does.
 *
 * After a change: deno task objects, then deno run -A tools/build_native.ts.
 */
#ifndef INLAY_NATIVE_H
#define INLAY_NATIVE_H

/* Declares all but those functions that are defined here. */
#define INLAY_DEFINES_FUNCTIONS
#define INLAY_FIXED_LAYOUT
#include "inlay_runtime.h"

/* Each function is a program of its own to the reader of the object; the section's type means nothing here. */
#define NATIVE __attribute__((section("syscall"), used))
#define inline_always static inline __attribute__((always_inline))

typedef __u64 u64;
typedef __u32 u32;
typedef __u16 u16;
typedef __u8 u8;
typedef signed int s32;
typedef signed long long s64;

#define NULL ((void *)0)

#define ENOENT 2
#define E2BIG 7
#define EACCES 13
#define EFAULT 14
#define EEXIST 17
#define ENODEV 19
#define EINVAL 22
#define ERANGE 34
#define EOPNOTSUPP 95
#define ENOTSUPP 524

#define ETH_HLEN 14

/* Keeps the compiler from making a library call of a loop. */
#define barrier() asm volatile("" ::: "memory")

inline_always void copy_bytes(void *to, const void *from, u64 size)
{
	while (size >= 8) {
		*(u64 *)to = *(const u64 *)from;
		to += 8;
		from += 8;
		size -= 8;
		barrier();
	}
	while (size > 0) {
		*(u8 *)to = *(const u8 *)from;
		to++;
		from++;
		size--;
		barrier();
	}
}

/* For ranges that may overlap. */
inline_always void move_bytes(void *to, const void *from, u64 size)
{
	if (to <= from) {
		copy_bytes(to, from, size);
		return;
	}
	while (size > 0) {
		size--;
		*(u8 *)(to + size) = *(const u8 *)(from + size);
		barrier();
	}
}

inline_always void clear_bytes(void *to, u64 size)
{
	while (size > 0) {
		size--;
		*(u8 *)(to + size) = 0;
		barrier();
	}
}

/* Mixes four bytes at a time; the seed differs from map to map. */
inline_always u32 hash_of(const void *key, u32 size, u32 seed)
{
	u32 hash = seed ^ size;

	while (size >= 4) {
		hash = (hash ^ *(const u32 *)key) * 0x9e3779b1;
		hash ^= hash >> 15;
		key += 4;
		size -= 4;
	}
	while (size > 0) {
		hash = (hash ^ *(const u8 *)key) * 0x85ebca77;
		hash ^= hash >> 13;
		key++;
		size--;
	}
	hash *= 0xc2b2ae3d;
	return hash ^ hash >> 16;
}

#endif
