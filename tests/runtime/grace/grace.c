/*
 * What static_call_synchronize() promises, shown by threads that are held in a
 * trampoline's window: this program's slot path waits there while `hold` is set.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <sc/static_call.h>
#include <sc/runtime.h>

int hold __attribute__((__visibility__("hidden"), __used__));
#undef __SC_ARCH_SLOT_PATH
#define __SC_ARCH_SLOT_PATH(slot) HELD_SLOT_PATH(slot)
#include "path.h"
#include "sc_arch.h"

#define PAGED(name) __attribute__((__section__(name), __aligned__(65536), __noinline__))
typedef int function(int *from);
PAGED("target_a") int a(int *from) { return *from + 1; }
PAGED("target_b") int b(int *from) { return *from + 2; }
DEFINE_STATIC_CALL(key, a);

#ifndef EMULATED
# define EMULATED 0
#endif
#define THREADS 8
#define load(x) __atomic_load_n(&(x), __ATOMIC_SEQ_CST)
#define store(x, y) __atomic_store_n(&(x), y, __ATOMIC_SEQ_CST)

static struct worker {
	pthread_t thread;
	int tid, ready, stop, started;
	unsigned long calls;
	int last;
	int wrong;
	int blocks;			/* SC's signal is blocked */
	int says;			/* sc_quiescent() */
	int sleeps;			/* in the kernel */
	int woken;
	sem_t done;
} workers[THREADS];
static __thread struct worker *me;
static int failed;
static int zero;

static void expect(const char *what, long got, long wanted)
{
	if (got != wanted) {
		printf("%s: %ld, not %ld\n", what, got, wanted);
		failed = 1;
	}
}

static void nap(long microseconds)
{
	struct timespec time = { microseconds / 1000000, microseconds % 1000000 * 1000 };

	while (nanosleep(&time, &time) && errno == EINTR)
		;
}

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000ll + time.tv_nsec / 1000000;
}

static void *work(void *data)
{
	struct worker *w = me = data;
	sigset_t set;

	w->tid = (int)syscall(SYS_gettid);
	if (w->blocks) {
		sigemptyset(&set);
		sigaddset(&set, SIGRTMAX - 3);
		pthread_sigmask(SIG_BLOCK, &set, 0);
	}
	store(w->ready, 1);
	while (!load(w->stop)) {
		store(w->last, static_call(key)(&zero));
		__atomic_fetch_add(&w->calls, 1, __ATOMIC_SEQ_CST);
		if (w->says)
			sc_quiescent();
	}
	return 0;
}

static struct worker *begin(struct worker *w)
{
	store(w->ready, 0);
	store(w->stop, 0);
	pthread_create(&w->thread, 0, work, w);
	while (!load(w->ready))
		nap(100);
	w->started = 1;
	return w;
}

static void end(struct worker *w)
{
	store(w->stop, 1);
	pthread_join(w->thread, 0);
	w->started = 0;
}

/* The processor time that a thread has used, in nanoseconds. */
static long long used(struct worker *w)
{
	struct timespec time;
	clockid_t clock;

	expect("a clock", pthread_getcpuclockid(w->thread, &clock), 0);
	expect("its time", clock_gettime(clock, &time), 0);
	return time.tv_sec * 1000000000ll + time.tv_nsec;
}

/* It runs, but its calls stand still: it is held in the window, where it spins. */
static void held(struct worker *w)
{
	unsigned long calls;
	long long since;

	do {
		calls = load(w->calls);
		since = used(w);
		while (!failed && calls == load(w->calls) && used(w) - since < 5000000)
			nap(1000);
	} while (calls != load(w->calls));
}

/* Whether a thread is where the handler below interrupts it, and what that then does. */
static sem_t interrupted, go_on;
static int enters, in_window;

static void interrupt(int number, siginfo_t *info, void *context)
{
	const void *ip = (const void *)SC_ARCH_CONTEXT_PC((ucontext_t *)context);
	struct sc_irq_state state;

	(void)number;
	(void)info;
	store(in_window, sc_text_contains(ip));
	if (enters)
		sc_irq_enter(ip, &state);
	sem_post(&interrupted);
	while (sem_wait(&go_on) && errno == EINTR)
		;
	if (enters)
		sc_irq_exit(&state);
}

static void take(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = handler;
	action.sa_flags = SA_SIGINFO | SA_RESTART | flags;
	sigaction(number, &action, 0);
}

static int synchronize(unsigned int milliseconds)
{
#ifdef WITHOUT
	(void)milliseconds;
	return 0;
#else
	return static_call_synchronize_timeout(milliseconds);
#endif
}

/* --- scenarios --- */

/* Threads that hold the old target do not enter it once they go on. */
static void rewound(int count)
{
	int i;

	store(hold, 1);
	for (i = 0; i < count; i++)
		held(begin(&workers[i]));
	expect("update", static_call_update(key, b), 0);
	expect("synchronize", synchronize(5000), 0);
	for (i = 0; i < count; i++)
		store(workers[i].stop, 1);
	store(hold, 0);
	for (i = 0; i < count; i++) {
		end(&workers[i]);
		expect("the call", workers[i].last, 2);
	}
}

static void one_is_rewound(void) { rewound(1); }
static void all_are_rewound(void) { rewound(THREADS); }

/* A thread that cannot be asked: no success, and success once it can. */
static void blocked(void)
{
	struct worker *w = &workers[0];
	long long start = now();

	w->blocks = 1;
	store(hold, 1);
	held(begin(w));
	expect("update", static_call_update(key, b), 0);
	expect("blocked", synchronize(100), -ETIMEDOUT);
	expect("in time", now() - start < 2000, 1);
	expect("blocked again", synchronize(100), -ETIMEDOUT);
	store(hold, 0);
	end(w);
	expect("after it", synchronize(5000), 0);
}

/* A handler that has interrupted a window and sleeps. */
static void asleep(int enter, int flags)
{
	struct worker *w = begin(&workers[0]);

	enters = enter;
	take(SIGUSR1, interrupt, flags);
	store(hold, 1);
	held(w);
	pthread_kill(w->thread, SIGUSR1);
	while (sem_wait(&interrupted) && errno == EINTR)
		;
	expect("the handler's context is in a window", in_window, 1);
	expect("update", static_call_update(key, b), 0);
	expect("asleep", synchronize(150), -ETIMEDOUT);
	expect("its target", w->last, 1);
	sem_post(&go_on);
	expect("back in the window", synchronize(5000), 0);
	store(w->stop, 1);
	store(hold, 0);
	end(w);
	expect("the call", w->last, 2);
}

static void asleep_and_said(void) { asleep(1, 0); }
static void asleep_unsaid(void) { asleep(0, 0); }
static void asleep_unsaid_nodefer(void) { asleep(0, SA_NODEFER); }

/* Each byte of the trampolines, and what is around them. */
extern char trampoline[] __asm__("__SCT__key") __attribute__((__visibility__("hidden")));
extern struct sc_proxy proxy __asm__("__SCP__key") __attribute__((__visibility__("hidden")));

static void contains(void)
{
	char *insn = (char *)&proxy.insn + proxy.insn, *at;

	expect("the trampoline's size", proxy.size > 8, 1);
	for (at = insn - 64; at < trampoline + proxy.size + 64; at++)
		expect("contains", sc_text_contains(at), at >= insn && at < trampoline + proxy.size);
	expect("a function", sc_text_contains((void *)contains), 0);
	expect("the stack", sc_text_contains(&at), 0);
	expect("NULL", sc_text_contains(0), 0);
}

/*
 * As an interrupt's entry, for code this far into the window. No frame that goes
 * on keeps the address: on a stack it would look like what was interrupted.
 */
static __attribute__((__noinline__)) void enter(long offset, struct sc_irq_state *state)
{
	sc_irq_enter((char *)&proxy.insn + proxy.insn + offset, state);
	__asm__ volatile("");
}

/* Three deep, in and out of windows. */
static void nested(void)
{
	struct sc_irq_state one, two, three, none;
	struct worker *w = begin(&workers[0]);

	expect("update", static_call_update(key, b), 0);
	sc_irq_enter((void *)nested, &none);
	enter(0, &one);
	sc_irq_enter((void *)nested, &two);
	enter(4, &three);
	expect("three", synchronize(50), -ETIMEDOUT);
	sc_irq_exit(&three);
	expect("two", synchronize(50), -ETIMEDOUT);
	sc_irq_exit(&two);
	expect("one", synchronize(50), -ETIMEDOUT);
	sc_irq_exit(&one);
	expect("none", synchronize(5000), 0);
	sc_irq_exit(&none);
	end(w);
}

static void many_nested(void)
{
	struct sc_irq_state states[100];
	int i;

	expect("update", static_call_update(key, b), 0);
	for (i = 0; i < 100; i++)
		enter(0, &states[i]);
	for (i = 99; i >= 0; i--) {
		if (i % 33 == 0)
			expect("many", synchronize(10), -ETIMEDOUT);
		sc_irq_exit(&states[i]);
	}
	expect("none", synchronize(5000), 0);
}

/* Counts our signals; hands them on, as a program's own handler might. */
static struct sigaction ours;
static int signals;

static void count(int number, siginfo_t *info, void *context)
{
	__atomic_fetch_add(&signals, 1, __ATOMIC_SEQ_CST);
	ours.sa_sigaction(number, info, context);
}

static void count_signals(void)
{
	struct sigaction action;

	expect("signal", sc_set_signal(sc_signal_number()), 0);
	sigaction(sc_signal_number(), 0, &ours);
	action = ours;
	action.sa_sigaction = count;
	sigaction(sc_signal_number(), &action, 0);
}

static void nothing_to_wait_for(void)
{
	int i;

	count_signals();
	for (i = 0; i < THREADS; i++)
		begin(&workers[i]);
	expect("before any update", synchronize(5000), 0);
	i = signals;
	expect("again", synchronize(5000), 0);
	expect("signals", signals, i);
	expect("update", static_call_update(key, b), 0);
	expect("after an update", synchronize(5000), 0);
	expect("each was asked", signals - i >= THREADS, 1);
	i = signals;
	expect("after no update", synchronize(5000), 0);
	expect("signals", signals, i);
	for (i = 0; i < THREADS; i++)
		end(&workers[i]);
}

/* Threads that say it themselves are not asked; without a signal only they count. */
static void quiescent(void)
{
	struct worker *says = &workers[0], *silent = &workers[1];

	says->says = 1;
	begin(says);
	nap(20000);
	count_signals();
	expect("update", static_call_update(key, b), 0);
	expect("it says so", synchronize(5000), 0);
	expect("signals", signals, 0);
	expect("no signal", sc_set_signal(0), 0);
	expect("the number", sc_signal_number(), 0);
	expect("update", static_call_update(key, a), 0);
	expect("without a signal", synchronize(5000), 0);
	begin(silent);
	expect("update", static_call_update(key, b), 0);
	expect("one says nothing", synchronize(100), -ETIMEDOUT);
	end(silent);
	expect("it has ended", synchronize(5000), 0);
	end(says);
	expect("update", static_call_update(key, a), 0);
	expect("all have ended", synchronize(5000), 0);
	expect("signals", signals, 0);
}

/* One that said it once, and then no more, is asked after half of the time. */
static void quiescent_once(void)
{
	struct worker *w = &workers[0];

	w->says = 1;
	begin(w);
	nap(20000);
	count_signals();
	store(hold, 1);
	held(w);
	expect("update", static_call_update(key, b), 0);
	expect("synchronize", synchronize(400), 0);
	expect("signals", signals >= 1, 1);
	store(w->stop, 1);
	store(hold, 0);
	end(w);
	expect("the call", w->last, 2);
}

/* The signal's number, and a handler of somebody else's before ours and behind it. */
static int foreign;
static void other(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	foreign += info->si_value.sival_int;
}

static void chained(void)
{
	union sigval seven = { .sival_int = 7 };
	struct worker *w = &workers[0];

	expect("no real-time signal", sc_set_signal(SIGUSR1), -EINVAL);
	expect("none such", sc_set_signal(1000), -EINVAL);
	take(SIGRTMIN + 2, other, 0);
	expect("set", sc_set_signal(SIGRTMIN + 2), 0);
	expect("number", sc_signal_number(), SIGRTMIN + 2);
	sigqueue(getpid(), SIGRTMIN + 2, seven);
	raise(SIGRTMIN + 2);
	expect("handed on", foreign >= 7, 1);
	foreign = 0;
	store(hold, 1);
	held(begin(w));
	expect("update", static_call_update(key, b), 0);
	expect("synchronize", synchronize(5000), 0);
	expect("ours alone", foreign, 0);
	store(w->stop, 1);
	store(hold, 0);
	end(w);
	expect("the call", w->last, 2);
}

/* A default action is the kernel's: the process ends by the signal. */
static void default_action(void)
{
	int status = 0;
	pid_t child = fork();

	if (!child) {
		sc_set_signal(SIGRTMIN + 2);
		raise(SIGRTMIN + 2);
		_exit(0);
	}
	waitpid(child, &status, 0);
	expect("ended by", WIFSIGNALED(status) ? WTERMSIG(status) : 0, SIGRTMIN + 2);
}

/* Threads that come and go all the time, and one that is held. */
static int churning;
static void *nothing(void *data)
{
	return (void *)(long)static_call(key)(data);
}

static void *churn(void *data)
{
	pthread_t threads[4];
	int i;

	while (load(churning)) {
		for (i = 0; i < 4; i++)
			pthread_create(&threads[i], 0, nothing, data);
		for (i = 0; i < 4; i++)
			pthread_join(threads[i], 0);
	}
	return 0;
}

static void coming_and_going(void)
{
	pthread_t thread;
	int i, done = 0;

	store(churning, 1);
	pthread_create(&thread, 0, churn, &zero);
	begin(&workers[0]);
	for (i = 0; i < 50; i++) {
		expect("update", static_call_update(key, i % 2 ? a : b), 0);
		expect("synchronize", synchronize(10000), 0);
		done += load(workers[0].last) > 0;
	}
	store(churning, 0);
	pthread_join(thread, 0);
	end(&workers[0]);
}

/* The first thread ends before the others: it stays, as a zombie. */
static void *outlive(void *data)
{
	struct worker *w = begin(&workers[0]);

	nap(50000);
	store(hold, 1);
	held(w);
	expect("update", static_call_update(key, b), 0);
	expect("synchronize", synchronize(5000), 0);
	store(w->stop, 1);
	store(hold, 0);
	end(w);
	expect("the call", w->last, 2);
	_exit(failed);
	return data;
}

static void first_ends(void)
{
	pthread_t thread;

	pthread_create(&thread, 0, outlive, 0);
	pthread_exit(0);
}

/* What sleepers see: a read goes on, nanosleep ends early, as signal(7) says. */
static int pipes[2], got_byte, nap_error;
static void *reads(void *data)
{
	char byte;

	got_byte = (int)read(pipes[0], &byte, 1);
	return data;
}

static void *naps(void *data)
{
	struct timespec time = { 1, 0 };

	nap_error = nanosleep(&time, 0) ? errno : 0;
	return data;
}

static void interrupted_calls(void)
{
	pthread_t reader, napper;

	if (pipe(pipes))
		return;
	pthread_create(&reader, 0, reads, 0);
	pthread_create(&napper, 0, naps, 0);
	nap(50000);
	expect("update", static_call_update(key, b), 0);
	expect("synchronize", synchronize(5000), 0);
	expect("a byte", write(pipes[1], "x", 1), 1);
	pthread_join(reader, 0);
	pthread_join(napper, 0);
	expect("read", got_byte, 1);
	expect("nanosleep", nap_error == 0 || nap_error == EINTR, 1);
}

/* A thread of a library's that blocks all signals and sleeps is no obstacle. */
static void *sleeps(void *data)
{
	sigset_t set;
	char byte;

	sigfillset(&set);
	pthread_sigmask(SIG_SETMASK, &set, 0);
	store(workers[0].ready, 1);
	while (read(pipes[0], &byte, 1) != 1)
		;
	return data;
}

static void blocked_and_asleep(void)
{
	pthread_t thread;
	int i;

	if (pipe(pipes))
		return;
	pthread_create(&thread, 0, sleeps, 0);
	while (!load(workers[0].ready))
		nap(1000);
	nap(20000);
	for (i = 0; i < 10; i++) {
		expect("update", static_call_update(key, i % 2 ? a : b), 0);
		expect("synchronize", synchronize(500), EMULATED ? -ETIMEDOUT : 0);
	}
	expect("a byte", write(pipes[1], "x", 1), 1);
	pthread_join(thread, 0);
	expect("update", static_call_update(key, a), 0);
	expect("synchronize", synchronize(500), 0);
}

/* A child has its own threads, and none of its parent's. */
static void forked(void)
{
	struct sc_irq_state state;
	int status = -1;
	pid_t child;

	begin(&workers[0]);
	expect("update", static_call_update(key, b), 0);
	expect("in the parent", synchronize(5000), 0);
	enter(0, &state);
	child = fork();
	if (!child) {
		expect("update", static_call_update(key, a), 0);
		expect("still in a handler", synchronize(50), -ETIMEDOUT);
		sc_irq_exit(&state);
		expect("in the child", synchronize(5000), 0);
		rewound(2);
		_exit(failed);
	}
	sc_irq_exit(&state);
	waitpid(child, &status, 0);
	expect("the child", status, 0);
	child = vfork();
	if (!child)
		_exit(0);
	waitpid(child, &status, 0);
	expect("update", static_call_update(key, a), 0);
	expect("in the parent", synchronize(5000), 0);
	end(&workers[0]);
}

/* The caller itself is a handler that has interrupted a window. */
static int own_result;
static void call_it(int number, siginfo_t *info, void *context)
{
	(void)number, (void)info, (void)context;
	own_result = synchronize(200);
	sem_post(&interrupted);
}

static void own_window(void)
{
	struct worker *w = &workers[0];

	take(SIGUSR1, call_it, 0);
	store(hold, 1);
	held(begin(w));
	expect("update", static_call_update(key, b), 0);
	pthread_kill(w->thread, SIGUSR1);
	while (sem_wait(&interrupted) && errno == EINTR)
		;
	expect("from a window", own_result, -EDEADLK);
	store(w->stop, 1);
	store(hold, 0);
	end(w);
}

/* Several that synchronise at once. */
static void *synchronizes(void *data)
{
	int i;

	for (i = 0; i < 10; i++)
		expect("one of several", synchronize(20000), 0);
	return data;
}

static void several(void)
{
	pthread_t threads[3];
	int i;

	begin(&workers[0]);
	for (i = 0; i < 3; i++)
		pthread_create(&threads[i], 0, synchronizes, 0);
	for (i = 0; i < 50; i++) {
		expect("update", static_call_update(key, i % 2 ? a : b), 0);
		nap(500);
	}
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], 0);
	end(&workers[0]);
}

static const struct {
	const char *name;
	void (*run)(void);
} scenarios[] = {
#define SCENARIO(name) { #name, name }
	SCENARIO(one_is_rewound), SCENARIO(all_are_rewound), SCENARIO(blocked),
	SCENARIO(asleep_and_said), SCENARIO(asleep_unsaid), SCENARIO(asleep_unsaid_nodefer),
	SCENARIO(contains), SCENARIO(nested), SCENARIO(many_nested), SCENARIO(nothing_to_wait_for),
	SCENARIO(quiescent), SCENARIO(quiescent_once), SCENARIO(chained), SCENARIO(default_action),
	SCENARIO(coming_and_going), SCENARIO(first_ends), SCENARIO(interrupted_calls),
	SCENARIO(blocked_and_asleep), SCENARIO(forked), SCENARIO(own_window), SCENARIO(several),
};

int main(int argc, char **argv)
{
	unsigned int i;

	setvbuf(stdout, 0, _IONBF, 0);
	sem_init(&interrupted, 0, 0);
	sem_init(&go_on, 0, 0);
	for (i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		if (argc == 2 && !strcmp(argv[1], scenarios[i].name)) {
			scenarios[i].run();
			return failed;
		}
	return 2;
}
