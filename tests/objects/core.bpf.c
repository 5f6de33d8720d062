/* Every kind of CO-RE relocation. */
#include "bpf_mini.h"

char _license[] SEC("license") = "GPL";

struct CORE point {
	int x;
	int y;
};

struct CORE shape___local {
	u32 id;
	struct {
		struct point corner;
	};
	struct point points[3];
	void *next;
	u32 narrow;
	s32 delta;
	u32 low : 3;
	int high : 5;
	int lost;
};

enum color { RED = 1, BLUE = 2, LOST = 3 };
enum wide { FAR = 1ULL << 40 };
struct CORE missing {
	int field;
};

#define FIELD(kind, access) __builtin_preserve_field_info(access, kind)

volatile u64 out[32];

SEC("raw_tp")
int relocate(struct shape___local *shape)
{
	struct shape___local *s = shape;

	out[0] = FIELD(0, s->corner.y);
	out[1] = FIELD(1, s->points);
	out[2] = FIELD(2, s->lost);
	out[3] = FIELD(2, s->narrow);
	out[4] = FIELD(3, s->high);
	out[5] = FIELD(4, s->low);
	out[6] = FIELD(5, s->low);
	out[7] = __builtin_btf_type_id(*s, 0);
	out[8] = __builtin_btf_type_id(*s, 1);
	out[9] = __builtin_preserve_type_info(*s, 0);
	out[10] = __builtin_preserve_type_info(*s, 1);
	out[11] = __builtin_preserve_type_info(*(struct missing *)0, 0);
	out[12] = __builtin_preserve_type_info(*(struct point *)0, 2);
	out[13] = __builtin_preserve_enum_value(*(enum color *)BLUE, 1);
	out[14] = __builtin_preserve_enum_value(*(enum color *)LOST, 0);
	out[15] = __builtin_preserve_enum_value(*(enum wide *)FAR, 1);
	out[16] = s->points[2].y;
	return 0;
}

SEC("raw_tp")
int adjust(struct shape___local *s)
{
	out[0] = s->narrow;
	out[1] = (u64)s->next;
	return 0;
}

SEC("raw_tp")
int poisoned(struct shape___local *s)
{
	out[0] = s->lost;
	out[1] = s->delta;
	out[2] = __builtin_preserve_enum_value(*(enum color *)LOST, 1);
	return 0;
}
