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
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "parts.h"

#define TICKS		100		/* in a second */

struct caller stress_callers[MOST];
unsigned int stress_callers_count, stress_rest;
int stress_over;
static unsigned long forks;
static long rounds = 50;

void stress_fail(int status)
{
	fflush(stdout);
	_exit(status);
}

void stress_wrong(int key, unsigned int before, unsigned int begun, long got, long a)
{
	printf("wrong: key %d gave %ld for %ld while updates %u to %u were current\n",
	       key, got, a, before, begun);
	stress_fail(1);
}

void stress_expect(int error, const char *what)
{
	if (!error)
		return;
	printf("refused: %s gives %d\n", what, error);
	stress_fail(2);
}

#ifdef TRANSLATED
unsigned int stress_before(int key)
{
	return __atomic_load_n(&stress_history[key].done, __ATOMIC_ACQUIRE);
}
#endif

double stress_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

void stress_sleep(double seconds)
{
	struct timespec t = { (time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9) };

	nanosleep(&t, NULL);
}

/* Sleeps in the last part of each tenth of a second. */
void stress_take_rest(void)
{
	double at = stress_now() * 10;
	double left = (double)(long)at + 1 - at;

	if (left * 100 < stress_rest)
		stress_sleep(left / 10);
}

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
	visited = __atomic_load_n(&stress_plugin_now, __ATOMIC_SEQ_CST);
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
	if (me == stress_callers)
		__atomic_store_n(&stress_handled, HANDLER_1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&stress_over, __ATOMIC_RELAXED)) {
		stress_take_rest();
		block(me);
	}
	return NULL;
}

#ifndef TRANSLATED
/* A child updates and calls on its own, whatever its parent's threads were doing. */
static void live_on(void)
{
	struct caller me = { 0 };

	alarm(HALTED_SECONDS);
	stress_update_each();
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
		stress_fail(2);
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

	for (i = 0; i < stress_callers_count; i++) {
		dispatches += stress_callers[i].dispatches;
		overlapped += stress_callers[i].overlapped;
		wide += stress_callers[i].wide;
	}
	for (i = 0; i < stress_updaters_count; i++) {
		updates += stress_updaters[i].updates;
		batches += stress_updaters[i].batches;
	}
	printf("protection %d\nseconds %.1f\ndispatches %lu\noverlapped %lu\nwide %lu\n",
	       sc_protection(), seconds, dispatches, overlapped, wide);
	printf("updates %lu\nbatches %lu\ninterrupting %lu\nloads %lu\nsynchronised %lu\nforks %lu\n",
	       updates, batches, stress_interrupting, stress_loads, stress_synchronised, forks);
}

static void tick(const pthread_t *threads)
{
	static unsigned int ticks;
	unsigned int i;

	stress_sleep(1.0 / TICKS);
	for (i = 0; i < stress_callers_count; i++)
		watch(i, stress_callers[i].epoch, "caller");
	for (i = 0; i < stress_updaters_count; i++)
		watch(MOST + i, stress_updaters[i].updates, "updater");
	if (stress_updaters_count < 2)
		return;
	pthread_kill(threads[0], SIGUSR1);
	pthread_kill(threads[stress_callers_count], SIGUSR1);
	if (++ticks % (TICKS / 10) == 0)
		fork_child();
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = stress_handle, .sa_flags = SA_RESTART };
	pthread_t threads[2 * MOST + 1];
	double start = stress_now(), seconds;
	unsigned int i, all = 0;

	if (argc != 6)
		return 64;
	seconds = atof(argv[1]);
	stress_callers_count = (unsigned int)atoi(argv[2]);
	stress_updaters_count = (unsigned int)atoi(argv[3]);
	stress_plugin_path = argv[4];
	stress_rest = (unsigned int)atoi(argv[5]);
	stress_copy_away();
	sigaction(SIGUSR1, &action, NULL);
	for (i = 0; i < stress_callers_count; i++)
		stress_expect(pthread_create(&threads[all++], NULL, call, &stress_callers[i]), "a thread");
	for (i = 0; i < stress_updaters_count; i++) {
		stress_updaters[i].number = i;
		stress_expect(pthread_create(&threads[all++], NULL, stress_update_all, &stress_updaters[i]), "a thread");
	}
	if (strcmp(stress_plugin_path, "-"))
		stress_expect(pthread_create(&threads[all++], NULL, stress_load, NULL), "a thread");
	while (stress_now() - start < seconds)
		tick(threads);
	__atomic_store_n(&stress_over, 1, __ATOMIC_SEQ_CST);
	alarm(HALTED_SECONDS);
	while (all)
		pthread_join(threads[--all], NULL);
	count(stress_now() - start);
	return 0;
}
