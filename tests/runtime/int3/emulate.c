/* Branches as they are emulated, and conditions as the processor itself decides them. */
#include "sc_runtime.c"
#include <stdio.h>

#define EACH(f) f(0, "o") f(1, "no") f(2, "b") f(3, "ae") f(4, "e") f(5, "ne") f(6, "be") f(7, "a") \
	f(8, "s") f(9, "ns") f(10, "p") f(11, "np") f(12, "l") f(13, "ge") f(14, "le") f(15, "g")
#define SETS(number, name)								\
	case number:									\
		__asm__("lea -128(%%rsp), %%rsp\n\tpush %1\n\tpopfq\n\tset" name " %0\n\t"	\
			"lea 128(%%rsp), %%rsp" : "=q"(taken) : "r"(flags) : "cc", "memory");	\
		break;

static unsigned char real(int condition, unsigned long flags)
{
	unsigned char taken = 0;

	switch (condition) {
	EACH(SETS)
	}
	return taken;
}

static int failed;

static void expect(const char *what, long got, long wanted)
{
	if (got != wanted && ++failed)
		printf("%s: %lx, not %lx\n", what, (unsigned long)got, (unsigned long)wanted);
}

int main(void)
{
	static const unsigned long bits[] = { 1, 4, 64, 128, 2048 };
	unsigned long stack[4] = { 0, 0, 0x1234, 0 };
	const char *at = (const char *)0x400000, *target = (const char *)0x400100;
	ucontext_t thread = { 0 };
	greg_t *has = thread.uc_mcontext.gregs;
	int condition, mix, i;

	for (condition = 0; condition < 16; condition++)
		for (mix = 0; mix < 32; mix++) {
			sc_word insn = sc_encode(SC_CONDITIONAL, at, target) | (sc_word)condition << 8;

			has[REG_EFL] = 0x202;
			for (i = 0; i < 5; i++)
				has[REG_EFL] |= mix >> i & 1 ? bits[i] : 0;
			sc_arch_emulate(&thread, SC_CONDITIONAL, at, insn, target);
			expect("jcc", has[REG_RIP],
			       (long)(real(condition, (unsigned long)has[REG_EFL]) ? target : at + 6));
		}
	has[REG_RSP] = (greg_t)&stack[2];
	sc_arch_emulate(&thread, SC_JUMP, at, 0, target);
	expect("jmp", has[REG_RIP], (long)target);
	expect("jmp's stack", has[REG_RSP], (long)&stack[2]);
	sc_arch_emulate(&thread, SC_CALL, at, 0, target);
	expect("call", has[REG_RIP], (long)target);
	expect("call pushes", (long)stack[1], (long)at + 5);
	expect("call's stack", has[REG_RSP], (long)&stack[1]);
	for (i = -5; i < 6; i++)
		expect("target", (long)sc_branch_target(SC_JUMP, at,
			sc_encode(SC_JUMP, at, at + i * 0x12345l)), (long)at + i * 0x12345l);
	return failed != 0;
}
