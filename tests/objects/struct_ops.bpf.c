/* A structure of callbacks, an arena, an exception callback. */
#include "bpf_mini.h"

char _license[] SEC("license") = "GPL";

struct ops___local {
	int (*start)(void *arg);
	int (*stop)(void *arg);
	u32 flags;
	char name[8];
};

SEC("struct_ops/start")
int on_start(void *ctx)
{
	return 1;
}

SEC("struct_ops.s/stop")
int on_stop(void *ctx)
{
	return 2;
}

SEC(".struct_ops.link")
struct ops___local my_ops = { .start = (void *)on_start, .stop = (void *)on_stop, .flags = 5, .name = "mine" };

struct {
	NUMBER(type, ARENA);
	NUMBER(map_flags, 1024);
	NUMBER(max_entries, 10);
} arena SEC(".maps");

__attribute__((address_space(1))) u64 in_arena[4] SEC(".addr_space.1") = { 1, 2, 3, 4 };

NOINLINE int caught(u64 cookie)
{
	return cookie;
}

SEC("syscall")
TAG("exception_callback:caught")
int use_arena(void *ctx)
{
	return map_lookup_elem(&arena, ctx) ? in_arena[2] : 0;
}
