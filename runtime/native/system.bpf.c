// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What programs ask about the machine they run on: it has one CPU, and its random numbers follow from the seed of the run.
 */
#include "native.h"

NATIVE u64 bpf_get_smp_processor_id(void)
{
	return 0;
}

NATIVE u64 bpf_get_numa_node_id(void)
{
	return 0;
}

/* xorshift64* (Marsaglia 2003, Vigna 2016). */
NATIVE u64 bpf_get_prandom_u32(void)
{
	u64 x = inlay_state.random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	inlay_state.random = x;
	return x * 0x2545f4914f6cdd1d >> 32;
}

/* Compares at most `size` bytes of a string with another that ends. */
NATIVE s64 bpf_strncmp(const u8 *a, u32 size, const u8 *b)
{
	for (u32 i = 0; i < size; i++) {
		if (a[i] != b[i])
			return (s64)a[i] - b[i];
		if (!a[i])
			break;
	}
	return 0;
}

/* There is one CPU, and nothing interrupts a run: who asks for a lock has it. */
NATIVE u64 bpf_spin_lock(void *lock)
{
	return 0;
}

NATIVE u64 bpf_spin_unlock(void *lock)
{
	return 0;
}

NATIVE s64 bpf_res_spin_lock(void *lock)
{
	return 0;
}

NATIVE u64 bpf_res_spin_unlock(void *lock)
{
	return 0;
}

NATIVE s64 bpf_res_spin_lock_irqsave(void *lock, u64 *flags)
{
	*flags = 0;
	return 0;
}

NATIVE u64 bpf_res_spin_unlock_irqrestore(void *lock, u64 *flags)
{
	return 0;
}

/* Nor does it matter what must not interrupt it. */
NATIVE u64 bpf_preempt_disable(void)
{
	return 0;
}

NATIVE u64 bpf_preempt_enable(void)
{
	return 0;
}

NATIVE u64 bpf_rcu_read_lock(void)
{
	return 0;
}

NATIVE u64 bpf_rcu_read_unlock(void)
{
	return 0;
}

NATIVE u64 bpf_local_irq_save(u64 *flags)
{
	*flags = 0;
	return 0;
}

NATIVE u64 bpf_local_irq_restore(u64 *flags)
{
	return 0;
}

/* Types change, values do not. */
NATIVE void *bpf_cast_to_kern_ctx(void *ctx)
{
	return ctx;
}

NATIVE void *bpf_rdonly_cast(void *object, u32 type)
{
	return object;
}
