/*
 * Threads that call and test keys by all kinds of sites, threads that update
 * them, singly and in batches, signals whose handlers update, one thread that
 * loads and unloads an object with sites, and children of fork() that go on
 * alone. Each dispatch is checked (stress.h).
 *
 *	stress SECONDS CALLERS UPDATERS PLUGIN REST
 *
 * PLUGIN is the object's path, or - for none; REST the percentage of the time
 * that all threads sleep. One updater updates singly: there are no batches then, no
 * signals and no children. Status 0: all was right; 1: a dispatch was wrong; 2: an
 * update was refused; a signal: a crash, or a thread that came to a halt.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "keys.h"

#define MOST		64
#define HALTED_SECONDS	30
#define TICKS		100		/* in a second */

DEFINE_STATIC_CALL_RET0(alpha, stress_target);
DEFINE_STATIC_CALL_RET0(beta, stress_target);
DEFINE_STATIC_CALL_NULL(gamma, stress_target);
DEFINE_STATIC_CALL_RET0(delta, stress_target);
DEFINE_STATIC_CALL_NULL(note, stress_note);
DEFINE_STATIC_CALL_RET0(visiting, stress_target);
DEFINE_STATIC_CALL_RET0(handler_0, stress_target);
DEFINE_STATIC_CALL_RET0(handler_1, stress_target);
DEFINE_STATIC_KEY_FALSE(flag_a);
DEFINE_STATIC_KEY_TRUE(flag_b);
DEFINE_STATIC_KEY_FALSE(flag_c);

SC_DYNAMIC(0) long switched(long a)
{
	return 16 * a;
}

/* What starts on has had one update. */
struct history stress_history[KEYS] = {
	[FLAG_B] = { 1, 1 },
	[SWITCHED] = { 1, 1 },
};

typedef long target(long a);
typedef void noter(long a, long *out);
extern target *const stress_targets[TARGETS];
extern noter *const stress_notes[TARGETS];

static struct caller callers[MOST];
static struct updater {
	unsigned long updates;		/* of one key each */
	unsigned long batches;
	unsigned int number;
	unsigned int random;
} __attribute__((__aligned__(64))) updaters[MOST];
static unsigned long loads, synchronised, interrupting, forks;
static unsigned int callers_count, updaters_count, rest;
static long rounds = 50;
static int over;
static target *away;			/* out of the reach of any branch */
static const struct plugin *plugin;	/* while it is loaded */
static const char *plugin_path;
static __thread int handled = -1;	/* the key that this thread's signals update */
static __thread int recording;		/* this thread's updates, until it commits them */
static __thread unsigned int recorded;	/* of these, the last by a signal's handler */

static void fail(int status)
{
	fflush(stdout);
	_exit(status);
}

void stress_wrong(int key, unsigned int before, unsigned int begun, long got, long a)
{
	printf("wrong: key %d gave %ld for %ld while updates %u to %u were current\n",
	       key, got, a, before, begun);
	fail(1);
}

static void expect(int error, const char *what)
{
	if (!error)
		return;
	printf("refused: %s gives %d\n", what, error);
	fail(2);
}

#ifdef TRANSLATED
unsigned int stress_before(int key)
{
	return __atomic_load_n(&stress_history[key].done, __ATOMIC_ACQUIRE);
}
#endif

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void sleep_for(double seconds)
{
	struct timespec t = { (time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9) };

	nanosleep(&t, NULL);
}

/* Sleeps in the last part of each tenth of a second. */
static void take_rest(void)
{
	double at = now() * 10;
	double left = (double)(long)at + 1 - at;

	if (left * 100 < rest)
		sleep_for(left / 10);
}

/* --- callers --- */

/* A block of dispatches; the plugin is not closed while its code may be run. */
static void block(struct caller *me)
{
	const struct plugin *visited;
	unsigned int i;

	SITES(me, rounds);
	for (i = 0; i < stress_layouts_count; i++) {
		const struct layout *at = &stress_layouts[i];

		if (at->key >= FLAG_A)
			TEST(at->key, at->function(0));
		else
			CALL(at->key, 1 + (long)i, at->function(1 + (long)i));
	}
	me->dispatches += stress_layouts_count;
	__atomic_store_n(&me->inside, 1, __ATOMIC_SEQ_CST);
	visited = __atomic_load_n(&plugin, __ATOMIC_SEQ_CST);
	if (visited)
		visited->sites(me, rounds);
	__atomic_store_n(&me->inside, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&me->epoch, me->epoch + 1, __ATOMIC_RELEASE);
}

static void *call(void *data)
{
	struct caller *me = data;

	/* Else many callers on few CPUs leave no time for updates. */
	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 5);
	if (me == callers)
		__atomic_store_n(&handled, HANDLER_1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		take_rest();
		block(me);
	}
	return NULL;
}

/* --- updates --- */

/* The key is in the state before `number`, or in that; behind end() in that alone. */
static unsigned int begin(int key)
{
	return __atomic_add_fetch(&stress_history[key].begun, 1, __ATOMIC_SEQ_CST);
}

static void end(int key)
{
	__atomic_store_n(&stress_history[key].done, stress_history[key].begun, __ATOMIC_SEQ_CST);
}

void *stress_number(unsigned int number, int both)
{
	target *zero = both && number & TARGETS ? (target *)__static_call_return0 : NULL;

	number %= TARGETS;
	return (void *)(number == 0 ? zero : number == 1 ? away : stress_targets[number]);
}

/* Puts a key into the state of that number. */
static int set(int key, unsigned int number)
{
	target *to = stress_number(number, 1);

	switch (key) {
	case ALPHA:
		return static_call_update(alpha, to);
	case BETA:
		return static_call_update(beta, to);
	case GAMMA:
		return static_call_update(gamma, to);
	case DELTA:
		return static_call_update(delta, to);
	case NOTE:
		return static_call_update(note, stress_notes[number % TARGETS]);
	case VISITING:
		return static_call_update(visiting, to);
	case HANDLER_0:
		return static_call_update(handler_0, to);
	case HANDLER_1:
		return static_call_update(handler_1, to);
	case FLAG_A:
		return number & 1 ? static_branch_try_enable(&flag_a) :
				    static_branch_try_disable(&flag_a);
	case FLAG_B:
		return number & 1 ? static_branch_try_inc(&flag_b) :
				    static_branch_try_dec(&flag_b);
	case FLAG_C:
		return number & 1 ? static_branch_try_enable(&flag_c) :
				    static_branch_try_dec(&flag_c);
	default:
		return number & 1 ? dynamic_function_enable(switched) :
				    dynamic_function_disable(switched);
	}
}

static void update(struct updater *me, int key)
{
	unsigned int number = begin(key);

	expect(set(key, number), "an update");
	end(key);
	me->updates++;
}

static unsigned int chance(struct updater *me)
{
	me->random ^= me->random << 13;
	me->random ^= me->random >> 17;
	me->random ^= me->random << 5;
	return me->random;
}

/* Which updater has a key; the others are of the loader and of the handlers. */
static const int owned[] = { ALPHA, BETA, GAMMA, DELTA, NOTE, FLAG_A, FLAG_B, FLAG_C, SWITCHED };
#define OWNED (sizeof(owned) / sizeof(owned[0]))

static int is_mine(const struct updater *me, unsigned int i)
{
	return i % updaters_count == me->number;
}

/* What is recorded and called off is never to be seen: it would be the wrong target. */
static void cancel(struct updater *me)
{
	unsigned int i;

	recording = 1;
	expect(static_update_begin(), "begin");
	for (i = 0; i < OWNED; i++)
		if (is_mine(me, i) && owned[i] < FLAG_A)
			expect(set(owned[i], stress_history[owned[i]].done + 8), "an update");
	expect(static_update_cancel(), "cancel");
	recording = 0;
	recorded = 0;
}

/* All keys of this updater at once; the last of several updates of a key counts. */
static void batch(struct updater *me)
{
	unsigned int i;

	recording = 1;
	expect(static_update_begin(), "begin");
	for (i = 0; i < OWNED; i++)
		if (is_mine(me, i)) {
			unsigned int number = stress_history[owned[i]].done;

			if (owned[i] < FLAG_A)
				expect(set(owned[i], number + 9), "an update");
			expect(set(owned[i], number + 1), "an update");
		}
	for (i = 0; i < OWNED; i++)
		if (is_mine(me, i))
			(void)begin(owned[i]);
	expect(static_update_commit(), "commit");
	recording = 0;
	if (recorded)
		__atomic_store_n(&stress_history[handled].done, recorded, __ATOMIC_SEQ_CST);
	recorded = 0;
	for (i = 0; i < OWNED; i++)
		if (is_mine(me, i)) {
			end(owned[i]);
			me->updates++;
		}
	me->batches++;
}

/* In the midst of another update, or of a call; between begin and commit it is one of a batch. */
static void handle(int signal)
{
	unsigned int number;

	(void)signal;
	if (handled < 0)
		return;
	number = begin(handled);
	expect(set(handled, number), "an update in a handler");
	if (recording)
		recorded = number;
	else
		end(handled);
	__atomic_fetch_add(&interrupting, 1, __ATOMIC_RELAXED);
}

static void *update_all(void *data)
{
	struct updater *me = data;
	unsigned int i = 0;

	me->random = 2463534242u + me->number;
	if (!me->number)
		__atomic_store_n(&handled, HANDLER_0, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		unsigned int choice;

		take_rest();
		choice = updaters_count > 1 ? chance(me) % 64 : 64;

		if (choice < 4) {
			batch(me);
		} else if (choice == 4) {
			cancel(me);
		} else {
			do
				i = chance(me) % OWNED;
			while (!is_mine(me, i));
			update(me, owned[i]);
		}
	}
	return NULL;
}

/* --- the object that comes and goes --- */

/* Until each caller has left the site at which it may be now. */
static void wait_for_callers(void)
{
	unsigned long epochs[MOST];
	unsigned int i;

	for (i = 0; i < callers_count; i++)
		epochs[i] = __atomic_load_n(&callers[i].epoch, __ATOMIC_ACQUIRE);
	for (i = 0; i < callers_count; i++)
		while (__atomic_load_n(&callers[i].epoch, __ATOMIC_ACQUIRE) == epochs[i] &&
		       !__atomic_load_n(&over, __ATOMIC_ACQUIRE))
			sleep_for(0.0002);
}

static void wait_until_left(void)
{
	unsigned int i;

	for (i = 0; i < callers_count; i++)
		while (__atomic_load_n(&callers[i].inside, __ATOMIC_SEQ_CST))
			sleep_for(0.0002);
}

static void visit(const struct plugin *loaded)
{
	unsigned int number;

	do {
		number = begin(VISITING);
		expect(number % TARGETS == 3 ? static_call_update(visiting, loaded->target) :
					       set(VISITING, number), "an update");
		end(VISITING);
	} while (number % TARGETS != 4);
}

/* Signals interrupt callers wherever they are; what then may be inside a target is waited for too. */
static void synchronise(void)
{
	int error = static_call_synchronize();

	if (!error)
		synchronised++;
	else if (error != -ETIMEDOUT)
		expect(error, "static_call_synchronize");
}

static void *load(void *data)
{
	(void)data;
	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		void *handle = dlopen(plugin_path, RTLD_NOW | RTLD_LOCAL);
		const struct plugin *loaded = handle ? dlsym(handle, "stress_plugin") : NULL;
		int i;

		if (!loaded) {
			printf("refused: %s\n", dlerror());
			fail(2);
		}
		stress_history[INNER] = (struct history){ 0, 0 };
		__atomic_store_n(&plugin, loaded, __ATOMIC_SEQ_CST);
		for (i = 0; i < 40; i++) {
			expect(loaded->update(begin(INNER)), "an update of the plugin's key");
			end(INNER);
			if (i == 20)
				visit(loaded);
		}
		__atomic_store_n(&plugin, NULL, __ATOMIC_SEQ_CST);
		synchronise();
		wait_until_left();
		wait_for_callers();
		if (__atomic_load_n(&over, __ATOMIC_ACQUIRE))
			break;
		expect(dlclose(handle), "dlclose");
		loads++;
	}
	return NULL;
}

/* --- the whole --- */

/* A copy beyond the reach of any branch. */
static void copy_away(void)
{
	char *at = (char *)((unsigned long)stress_targets[1] & -65536ul) + AWAY;
	char *page;

	for (;; at += AWAY) {
		page = mmap(at, 65536, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		if (page == at)
			break;
		if (page != MAP_FAILED)
			munmap(page, 65536);
	}
	memcpy(page, (void *)stress_targets[1], 64);
	__builtin___clear_cache(page, page + 64);
	mprotect(page, 65536, PROT_READ | PROT_EXEC);
	away = (target *)page;
}

#ifndef TRANSLATED
/* A child updates and calls on its own, whatever its parent's threads were doing. */
static void live_on(void)
{
	struct caller me = { 0 };
	unsigned int i;

	alarm(HALTED_SECONDS);
	for (i = 0; i < OWNED; i++)
		update(&updaters[0], owned[i]);
	SITES(&me, rounds);
	_exit(0);
}

static void fork_child(void)
{
	pid_t child = fork();
	int status = 0;

	if (!child)
		live_on();
	if (child < 0 || waitpid(child, &status, 0) != child || status) {
		printf("refused: a child ends with %#x\n", (unsigned int)status);
		fail(2);
	}
	forks++;
}
#else
static void fork_child(void)
{
}
#endif

static unsigned long progress[2 * MOST];
static int halted_for[2 * MOST];

/* Whether a thread's counter has stood still for long. */
static void watch(unsigned int i, unsigned long count, const char *what)
{
	halted_for[i] = count == progress[i] ? halted_for[i] + 1 : 0;
	progress[i] = count;
	if (halted_for[i] < TICKS * HALTED_SECONDS)
		return;
	printf("halted: %s %u after %lu\n", what, i % MOST, count);
	fflush(stdout);
	abort();
}

static void count(double seconds)
{
	unsigned long dispatches = 0, overlapped = 0, wide = 0;
	unsigned long updates = 0, batches = 0;
	unsigned int i;

	for (i = 0; i < callers_count; i++) {
		dispatches += callers[i].dispatches;
		overlapped += callers[i].overlapped;
		wide += callers[i].wide;
	}
	for (i = 0; i < updaters_count; i++) {
		updates += updaters[i].updates;
		batches += updaters[i].batches;
	}
	printf("seconds %.1f\ndispatches %lu\noverlapped %lu\nwide %lu\n",
	       seconds, dispatches, overlapped, wide);
	printf("updates %lu\nbatches %lu\ninterrupting %lu\nloads %lu\nsynchronised %lu\nforks %lu\n",
	       updates, batches, interrupting, loads, synchronised, forks);
}

static void tick(const pthread_t *threads)
{
	static unsigned int ticks;
	unsigned int i;

	sleep_for(1.0 / TICKS);
	for (i = 0; i < callers_count; i++)
		watch(i, callers[i].epoch, "caller");
	for (i = 0; i < updaters_count; i++)
		watch(MOST + i, updaters[i].updates, "updater");
	if (updaters_count < 2)
		return;
	pthread_kill(threads[0], SIGUSR1);
	pthread_kill(threads[callers_count], SIGUSR1);
	if (++ticks % (TICKS / 10) == 0)
		fork_child();
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = handle, .sa_flags = SA_RESTART };
	pthread_t threads[2 * MOST + 1];
	double start = now(), seconds;
	unsigned int i, all = 0;

	if (argc != 6)
		return 64;
	seconds = atof(argv[1]);
	callers_count = (unsigned int)atoi(argv[2]);
	updaters_count = (unsigned int)atoi(argv[3]);
	plugin_path = argv[4];
	rest = (unsigned int)atoi(argv[5]);
	copy_away();
	sigaction(SIGUSR1, &action, NULL);
	for (i = 0; i < callers_count; i++)
		expect(pthread_create(&threads[all++], NULL, call, &callers[i]), "a thread");
	for (i = 0; i < updaters_count; i++) {
		updaters[i].number = i;
		expect(pthread_create(&threads[all++], NULL, update_all, &updaters[i]), "a thread");
	}
	if (strcmp(plugin_path, "-"))
		expect(pthread_create(&threads[all++], NULL, load, NULL), "a thread");
	while (now() - start < seconds)
		tick(threads);
	__atomic_store_n(&over, 1, __ATOMIC_SEQ_CST);
	alarm(HALTED_SECONDS);
	while (all)
		pthread_join(threads[--all], NULL);
	count(now() - start);
	return 0;
}
