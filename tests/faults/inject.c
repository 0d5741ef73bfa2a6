/*
 * The filter lets a call trap that has anything to do with text, unless it
 * carries a cookie; the handler of SIGSYS then says what becomes of it.
 */
#define _GNU_SOURCE
#include "inject.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/membarrier.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define COOKIE 0x5ca1ab1eu

#if defined(__x86_64__)
# define RESULT(context) (context)->uc_mcontext.gregs[REG_RAX]
# define ARGUMENT(context, n)								\
	(unsigned long)(context)->uc_mcontext.gregs[(n) == 0 ? REG_RDI : (n) == 1 ? REG_RSI : REG_RDX]
#elif defined(__aarch64__)
# define RESULT(context) (context)->uc_mcontext.regs[0]
# define ARGUMENT(context, n) (context)->uc_mcontext.regs[n]
#else
# define RESULT(context) (context)->uc_mcontext.__gregs[10]
# define ARGUMENT(context, n) (context)->uc_mcontext.__gregs[10 + (n)]
#endif
#ifndef SYS_riscv_flush_icache
# define SYS_riscv_flush_icache -1
#endif

static struct {
	int seen, first, many, error;
	void (*hook)(void);
} plans[CALLS];

static enum call kind_of(long number, ucontext_t *context)
{
	if (number == SYS_mprotect)
		return ARGUMENT(context, 2) & PROT_WRITE ? OPEN_TEXT : CLOSE_TEXT;
	if (number == SYS_riscv_flush_icache)
		return SYNCHRONISE;
	switch (ARGUMENT(context, 0)) {
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_GLOBAL:
	case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
		return PUBLISH;
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
		return SYNCHRONISE;
	default:
		return REGISTER;
	}
}

static long decide(long number, ucontext_t *context)
{
	enum call kind = kind_of(number, context);
	int nth = __atomic_add_fetch(&plans[kind].seen, 1, __ATOMIC_RELAXED);
	long result;

	if (plans[kind].first && nth >= plans[kind].first &&
	    nth - plans[kind].first < plans[kind].many) {
		if (plans[kind].error)
			return -plans[kind].error;
		plans[kind].hook();
	}
	result = syscall(number, ARGUMENT(context, 0), ARGUMENT(context, 1), ARGUMENT(context, 2),
			 0L, 0L, (long)COOKIE);
	return result < 0 ? -errno : result;
}

static void trapped(int signal, siginfo_t *info, void *context)
{
	int kept = errno;

	(void)signal;
	RESULT((ucontext_t *)context) = (unsigned long)decide(info->si_syscall, context);
	errno = kept;
}

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)(value), yes, no)
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)

void watch_calls(void)
{
	struct sock_filter program[] = {
		LOAD(nr),
		IS(SYS_membarrier, 4, 0),
		IS(SYS_riscv_flush_icache, 3, 0),
		IS(SYS_mprotect, 0, 4),
		LOAD(args[2]),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 2),
		LOAD(args[5]),
		IS(COOKIE, 0, 1),
		RETURN(SECCOMP_RET_ALLOW),
		RETURN(SECCOMP_RET_TRAP),
	};
	struct sock_fprog filter = { sizeof(program) / sizeof(*program), program };
	struct sigaction action = { .sa_sigaction = trapped, .sa_flags = SA_SIGINFO | SA_NODEFER };

	if (sigaction(SIGSYS, &action, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter)) {
		perror("seccomp");
		exit(2);
	}
}

int seen_calls(enum call call)
{
	return __atomic_load_n(&plans[call].seen, __ATOMIC_RELAXED);
}

void no_faults(void)
{
	memset(plans, 0, sizeof(plans));
}

void refuse_calls(enum call call, int k, int many, int error)
{
	plans[call].seen = 0;
	plans[call].error = error;
	plans[call].many = many;
	plans[call].first = k;
}

void stop_at_call(enum call call, int k, void (*hook)(void))
{
	plans[call].hook = hook;
	refuse_calls(call, k, 1, 0);
}

/* --- text as the kernel sees it --- */

struct mapping {
	unsigned long low, high;
	char protection[5];
};

static void each_mapping(void (*visit)(const struct mapping *mapping, void *data), void *data)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	struct mapping mapping;
	char line[512];

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %4s", &mapping.low, &mapping.high,
			   mapping.protection) == 3)
			visit(&mapping, data);
	if (maps)
		fclose(maps);
}

static void count_writable(const struct mapping *mapping, void *data)
{
	*(int *)data += !strncmp(mapping->protection, "rwx", 3);
}

int writable_text(void)
{
	int count = 0;

	each_mapping(count_writable, &count);
	return count;
}

static void count_bytes(const struct mapping *mapping, void *data)
{
	if (mapping->protection[2] == 'x')
		*(unsigned long *)data += mapping->high - mapping->low;
}

unsigned long executable_bytes(void)
{
	unsigned long count = 0;

	each_mapping(count_bytes, &count);
	return count;
}
