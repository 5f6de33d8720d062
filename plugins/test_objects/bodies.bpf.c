// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Bodies for the tests of modules: right ones, and one of each kind that is refused. */
#include "inlay_runtime.h"

#define bpf_kfunc __attribute__((btf_decl_tag("bpf_kfunc"), used))
#define tag(text) __attribute__((btf_decl_tag(text)))

static __attribute__((noinline)) __u64 scramble(__u64 x, __u64 y)
{
	asm volatile("" : "+r"(x));
	return (x ^ y) * 0x9e3779b97f4a7c15ULL;
}

/* A static function that is called twice is spliced in twice. */
bpf_kfunc __u64 good_static(__u64 a, __u64 b)
{
	return scramble(a, b) + scramble(b, a);
}

/* Fields are relocated against the runtime's structures. */
bpf_kfunc tag("kf_ret_null") void *good_field(struct sk_buff *skb)
{
	return skb->data;
}

bpf_kfunc tag("kf_trusted_args") tag("kf_sleepable") void good_flags(struct sk_buff *skb)
{
	skb->mark = 7;
}

/* Not tagged: no kfunc. */
__attribute__((used)) int not_a_kfunc(int x)
{
	return x;
}

const int table[4] = { 3, 1, 4, 1 };

bpf_kfunc int bad_table(__u32 i)
{
	return *(const volatile int *)&table[i & 3];
}

int counter;

bpf_kfunc int bad_global(void)
{
	return ++counter;
}

/* A loop is fine in a body that asks for trust. */
bpf_kfunc int good_loop(int n)
{
	int sum = 0;

	while (n-- > 0) {
		sum += n;
		asm volatile("" : "+r"(sum));
	}
	return sum;
}

extern int no_such_function(int x) __attribute__((section(".ksyms")));

bpf_kfunc int bad_call(int n)
{
	return no_such_function(n);
}

bpf_kfunc tag("kf_magic") int bad_flag(int n)
{
	return n;
}

static __attribute__((noinline)) void fill(__u64 *place)
{
	*place = 5;
}

/* The frame's address goes to another function: that function can be spliced, but the body itself will stay a call. */
bpf_kfunc __u64 good_escape(void)
{
	__u64 place = 1;

	fill(&place);
	asm volatile("" : : "r"(&place) : "memory");
	return place;
}
