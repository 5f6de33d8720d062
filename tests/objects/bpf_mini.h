/* What the test objects need to be compiled without any system header. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;

#define SEC(name) __attribute__((section(name), used))
#define NOINLINE __attribute__((noinline))
#define HIDDEN __attribute__((visibility("hidden")))
#define WEAK __attribute__((weak))
#define TAG(text) __attribute__((btf_decl_tag(text)))
#define CORE __attribute__((preserve_access_index))

/* A map's numbers are spelled by array sizes. */
#define NUMBER(name, value) int (*name)[value]
#define TYPE(name, type) type *name
#define VALUES(type) __typeof__(type) *values[]

enum { HASH = 1, ARRAY = 2, PROG_ARRAY = 3, ARRAY_OF_MAPS = 12, RINGBUF = 27, ARENA = 33 };

struct xdp_md {
	u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex;
};
struct __sk_buff {
	u32 len, pkt_type, mark;
};

static void *(*const map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*const tail_call)(void *ctx, void *map, u32 index) = (void *)12;
static long (*const loop)(u32 count, void *callback, void *ctx, u64 flags) = (void *)181;
