/* What an object may ask of a kernel: functions, variables, settings. */
#include "bpf_mini.h"

char _license[] SEC("license") = "GPL";

enum libbpf_tristate { TRI_NO = 0, TRI_YES = 1, TRI_MODULE = 2 };

extern int LINUX_KERNEL_VERSION SEC(".kconfig");
extern _Bool CONFIG_SWITCH SEC(".kconfig") WEAK;
extern char CONFIG_LETTER SEC(".kconfig") WEAK;
extern enum libbpf_tristate CONFIG_MODULE SEC(".kconfig") WEAK;
extern u64 CONFIG_NUMBER SEC(".kconfig") WEAK;
extern char CONFIG_TEXT[8] SEC(".kconfig") WEAK;
extern u16 CONFIG_ABSENT SEC(".kconfig") WEAK;

extern u64 present_function(u32 value) SEC(".ksyms");
extern u64 present_function___v2(u32 value) SEC(".ksyms") WEAK;
extern int missing_function(void *) SEC(".ksyms") WEAK;
extern const int present_variable SEC(".ksyms");
extern const int missing_variable SEC(".ksyms") WEAK;
extern const void untyped_symbol SEC(".ksyms");

SEC("tp_btf/something")
int ask(void *ctx)
{
	u64 sum = LINUX_KERNEL_VERSION + CONFIG_NUMBER + CONFIG_TEXT[0] + CONFIG_ABSENT + CONFIG_LETTER + CONFIG_SWITCH + CONFIG_MODULE;
	sum += present_function(sum);
	sum += present_function___v2(sum);
	if (missing_function)
		sum += missing_function(ctx);
	sum += (u64)&present_variable;
	if (&missing_variable)
		sum++;
	return sum + (u64)&untyped_symbol;
}
