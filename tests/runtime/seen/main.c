/*
 * Puts the code in each of its states and runs it there, with `steps` one
 * instruction after another: behind each of them the chain of callers is printed
 * as an unwinder sees it from a signal handler.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>
#include "walked.h"

#define TRAP_FLAG	0x100
#define MOST		24

static volatile sig_atomic_t stepping;
static __typeof__(_Unwind_Backtrace) *backtrace;
static __typeof__(_Unwind_GetIP) *get_ip;

struct chain {
	uintptr_t frames[MOST];
	int count;
};

static _Unwind_Reason_Code note(struct _Unwind_Context *context, void *data)
{
	struct chain *chain = data;

	if (chain->count < MOST)
		chain->frames[chain->count++] = get_ip(context);
	return _URC_NO_REASON;
}

/* The frames from the interrupted one on. */
static void stepped(int number, siginfo_t *info, void *context)
{
	ucontext_t *thread = context;
	uintptr_t pc = (uintptr_t)thread->uc_mcontext.gregs[REG_RIP];
	struct chain chain = { { 0 }, 0 };
	int i = 0;

	(void)number;
	if (stepping)
		thread->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
	else
		thread->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
	if (info->si_code <= 0 || !stepping)
		return;
	backtrace(note, &chain);
	while (i < chain.count && chain.frames[i] != pc)
		i++;
	printf("%lx", (unsigned long)pc);
	for (; i < chain.count; i++)
		printf(" %lx", (unsigned long)chain.frames[i]);
	printf("\n");
}

static void step(int on)
{
	stepping = on;
	if (on)
		raise(SIGTRAP);
}

/* Code that no direct branch reaches. */
static void *far_copy(void *function)
{
	for (char *at = (char *)((long)one & -65536l) + (8l << 30);; at += 1l << 32) {
		char *page = mmap(at, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (page == at) {
			memcpy(page, function, 32);
			mprotect(page, 65536, PROT_READ | PROT_EXEC);
			return page;
		}
		munmap(page, 65536);
	}
}

__attribute__((noinline)) void in_state(const char *state, int steps)
{
	long got;

	printf("state %s\n", state);
	fflush(stdout);
	if (steps)
		step(1);
	got = outer(40);
	step(0);
	printf("gives %ld\n", got);
}

int main(int count, char **words)
{
	int steps = count > 1 && !strcmp(words[1], "steps");
	struct sigaction action = { .sa_sigaction = stepped, .sa_flags = SA_SIGINFO };

	if (steps) {
		void *unwinder = dlopen("libgcc_s.so.1", RTLD_NOW);

		if (!unwinder)
			return 77;
		backtrace = (__typeof__(backtrace))dlsym(unwinder, "_Unwind_Backtrace");
		get_ip = (__typeof__(get_ip))dlsym(unwinder, "_Unwind_GetIP");
		sigaction(SIGTRAP, &action, 0);
	}
	in_state("start", steps);
	static_call_update(key, two);
	in_state("two", steps);
	static_branch_enable(&flag);
	in_state("on", steps);
	static_branch_disable(&flag);
	static_call_update(key, far_copy((void *)two));
	in_state("far", steps);
	static_call_update(key, (void *)__static_call_return0);
	in_state("zero", steps);
	return 0;
}
