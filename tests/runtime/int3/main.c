/*
 * Several threads call and test through sites that lie across words, lines and
 * pages, while another updates: `flip SECONDS`. Other words: what may go wrong.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include <sc/sc.h>

#define CALLERS	3

/* In front of the sites and behind them: every byte of a displacement differs. */
long one(long a);
__attribute__((noinline)) long two(long a) { return a + 2; }

DEFINE_STATIC_CALL(key, one);
struct static_key_false flag;

#define SITE(name, guard) long name(long a);
#include "sites.h"
#undef SITE
#define SITE(name, guard) { #name, name, guard },
static const struct {
	const char *name;
	long (*call)(long a);
	int guard;
} sites[] = {
#include "sites.h"
};
#define SITES	(sizeof(sites) / sizeof(sites[0]))

unsigned long int3_traps;		/* counted by a runtime that is built for it */
static volatile int stop;
static unsigned long calls[CALLERS], wrong, own, trapped;

static void bad(const char *name, long got)
{
	if (__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED) < 5)
		printf("%s gives %ld\n", name, got);
}

static void *caller(void *count)
{
	while (!stop)
		for (unsigned i = 0; i < SITES; i++) {
			long got = sites[i].call(40);
			int fits = sites[i].guard ? got == 1 || got == 2 : got == 41 || got == 42 || !got;

			if (!fits)
				bad(sites[i].name, got);
			++*(unsigned long *)count;
		}
	return 0;
}

/* A breakpoint of the program's own. */
static void *trapper(void *unused)
{
	while (!stop) {
		own++;
		__asm__ volatile("int3");
	}
	return unused;
}

static void on_trap(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	(void)context;
	__atomic_fetch_add(&trapped, 1, __ATOMIC_RELAXED);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void expect(long called, long tested)
{
	for (unsigned i = 0; i < SITES; i++) {
		long got = sites[i].call(40);

		if (got != (sites[i].guard ? tested : called))
			bad(sites[i].name, got);
	}
}

static void update(int round)
{
	static long (*const targets[])(long) = { two, 0, one };
	static const long gives[] = { 42, 0, 41 };
	int on = round & 1;

	if (static_call_update(key, targets[round % 3]) ||
	    (on ? static_branch_try_enable(&flag) : static_branch_try_disable(&flag))) {
		puts("refused");
		wrong++;
	}
	if (round % 16 == 0 || round < 6)
		expect(gives[round % 3], 1 + on);
}

static void logged(int error, const char *text, const void *at)
{
	(void)at;
	printf("log %d %s\n", error, text);
}

static void flip(double seconds)
{
	pthread_t threads[CALLERS + 1];
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };
	double end;
	int rounds = 0;

	sigaction(SIGTRAP, &action, 0);
	for (long i = 0; i < CALLERS; i++)
		pthread_create(&threads[i], 0, caller, &calls[i]);
	pthread_create(&threads[CALLERS], 0, trapper, 0);
	for (end = now() + seconds; now() < end;)
		update(rounds++);
	stop = 1;
	for (int i = 0; i <= CALLERS; i++)
		pthread_join(threads[i], 0);
	for (int i = 1; i < CALLERS; i++)
		calls[0] += calls[i];
	if (own != trapped)
		wrong++;
	printf("sites %u updates %d calls %lu met %lu own %lu wrong %lu\n", (unsigned)SITES, rounds,
	       calls[0], int3_traps, own, wrong);
}

/* The rest of the program under a tracer, which passes each signal on. */
static int traced(char **words)
{
	int status;
	pid_t child = fork();

	if (!child) {
		char *again[] = { words[0], "attempt", 0 };

		ptrace(PTRACE_TRACEME, 0, 0, 0);
		execv("/proc/self/exe", again);
		_exit(127);
	}
	while (waitpid(child, &status, 0) == child && WIFSTOPPED(status))
		ptrace(PTRACE_CONT, child, 0, WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* A handler that is put before the runtime's, and passes everything on to that. */
static struct sigaction before;

static void pass_on(int number, siginfo_t *info, void *context)
{
	(void)!write(1, "own\n", 4);
	before.sa_sigaction(number, info, context);
}

static void own_trap(int chained)
{
	struct sigaction action = { .sa_sigaction = pass_on, .sa_flags = SA_SIGINFO };

	if (chained)
		sigaction(SIGTRAP, &action, &before);
	printf("updated %d\n", static_call_update(key, two));
	__asm__ volatile("int3");
}

static int attempt(void)
{
	int error;

	sc_set_log(logged);
	error = static_call_update(key, two);
	printf("level %d error %d gives %ld\n", sc_protection(), error, one == static_call_query(key) ? 1l : 2l);
	expect(static_call_query(key) == one ? 41 : 42, 1);
	return wrong != 0;
}

int main(int count, char **words)
{
	const char *what = count > 1 ? words[1] : "";
	sigset_t trap;

	setvbuf(stdout, 0, _IOLBF, 0);
	if (!strcmp(what, "debugger"))
		return traced(words);
	if (!strcmp(what, "blocked")) {
		sigemptyset(&trap);
		sigaddset(&trap, SIGTRAP);
		pthread_sigmask(SIG_BLOCK, &trap, 0);
	}
	if (!strcmp(what, "nobody") || !strcmp(what, "chain"))
		own_trap(*what == 'c');
	if (strcmp(what, "flip"))
		return attempt();
	flip(atof(words[2]));
	return wrong != 0;
}
