/* Programs with annotations of every kind, most of them true and some of them wrong on purpose. */
#include "bpf_mini.h"

#define NAKED __attribute__((naked))
#define CLOBBERS "r0", "r1", "r2", "r3", "r4", "r5", "memory"

#define SUCCESS TAG("comment:test_expect_success")
#define FAILURE TAG("comment:test_expect_failure")
#define MSG(n, text) TAG("comment:test_expect_msg=" #n "=" text)
#define NOT_MSG(n, text) TAG("comment:test_expect_not_msg=" #n "=" text)
#define XLATED(n, text) TAG("comment:test_expect_xlated=" #n "=" text)
#define RETVAL(text) TAG("comment:test_retval=" text)
#define LOG_LEVEL(text) TAG("comment:test_log_level=" text)

char _license[] SEC("license") = "Dual BSD/GPL";

int answer(struct xdp_md *ctx);

struct {
	NUMBER(type, PROG_ARRAY);
	NUMBER(max_entries, 1);
	NUMBER(key_size, 4);
	VALUES(int (void *));
} jumps SEC(".maps") = { .values = { [0] = (void *)&answer } };

/* Annotations that hold. */

SEC("xdp")
TAG("comment:test_auxiliary")
int answer(struct xdp_md *ctx)
{
	return 42;
}

SEC("xdp")
SUCCESS
RETVAL("42")
int jumps_to_the_answer(struct xdp_md *ctx)
{
	tail_call(ctx, &jumps, 0);
	return 1;
}

SEC("xdp")
TAG("comment:test_description=bounds of a packet")
SUCCESS
LOG_LEVEL("2")
RETVAL("0x40")
MSG(1, "R1=ctx() R10=fp0")
NOT_MSG(2, "pkt_meta")
MSG(3, "=pkt({{[a-z]*}}r=0)")
MSG(4, "processed {{[0-9]+}} insns")
int packet_length(struct xdp_md *ctx)
{
	u8 *data = (u8 *)(long)ctx->data, *end = (u8 *)(long)ctx->data_end;

	return data + 1 <= end ? data[0] + (end - data) : 0;
}

SEC("socket")
FAILURE
TAG("comment:test_expect_failure_unpriv")
TAG("comment:test_expect_msg_unpriv=5=R0 !read_ok")
MSG(6, "0: (95) exit")
MSG(7, "R0 !read_ok")
NAKED int no_result(void)
{
	asm volatile("exit" ::: CLOBBERS);
}

SEC("socket")
TAG("comment:test_prog_flags=BPF_F_STRICT_ALIGNMENT")
FAILURE
MSG(8, "misaligned stack access off")
NAKED int strict(void)
{
	asm volatile("r0 = 0;"
		     "*(u32 *)(r10 - 7) = r0;"
		     "exit" ::: CLOBBERS);
}

SEC("socket")
SUCCESS
RETVAL("-2147483648")
XLATED(9, "0: w0 = -2147483648")
XLATED(10, "1: w1 = {{.*}}")
XLATED(11, "...")
XLATED(12, "w11 += 1")
XLATED(13, "if w11 > 0x1 goto pc+4")
XLATED(14, "...")
XLATED(15, "exit")
NAKED int smallest_by_minus_one(void)
{
	asm volatile("w0 = 0x80000000;"
		     "w1 = -1;"
		     ".byte 0x3c, 0x10, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00;" /* w0 s/= w1 */
		     "exit" ::: CLOBBERS);
}

/* Annotations that do not. */

SEC("socket")
FAILURE
MSG(16, "R0 !read_ok")
int wrong_verdict(void *ctx)
{
	return 0;
}

SEC("socket")
SUCCESS
RETVAL("7")
int wrong_result(void *ctx)
{
	return 8;
}

SEC("socket")
FAILURE
MSG(17, "R1 !read_ok")
NAKED int wrong_message(void)
{
	asm volatile("exit" ::: CLOBBERS);
}

SEC("socket")
FAILURE
NOT_MSG(18, "{{R[0-9] !read_ok}}")
MSG(19, "processed")
NAKED int unwanted_message(void)
{
	asm volatile("exit" ::: CLOBBERS);
}

SEC("socket")
SUCCESS
XLATED(20, "0: r0 = 3")
XLATED(21, "2: exit")
NAKED int wrong_line(void)
{
	asm volatile("r0 = 3;"
		     "r0 = 4;"
		     "exit" ::: CLOBBERS);
}

/* What is not checked. */

SEC("socket")
TAG("comment:test_arch=ARM64")
SUCCESS
int elsewhere(void *ctx)
{
	return 0;
}

SEC("socket")
TAG("comment:test_arch=X86_64")
SUCCESS
TAG("comment:test_jited=22=\tendbr64")
int machine_code(void *ctx)
{
	return 0;
}

SEC("socket")
int not_a_test(void *ctx)
{
	return 0;
}
