/* Other threads, signals and processes, at the wrong time. */
#include "faults.h"

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static volatile int stop, quiet;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* --- threads that cannot be asked --- */

/*
 * Calls by way of trampolines, deaf to all signals until it is told to listen;
 * but for the one that level int3 asks every thread to leave open.
 */
static void *deaf(void *data)
{
	sigset_t all, before;

	(void)data;
	sigfillset(&all);
	sigdelset(&all, SIGTRAP);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (!stop) {
		trampoline_integer_call(1);
		slot_integer_call(1);
		if (quiet == 1)
			sc_quiescent();
		if (quiet == 2)
			pthread_sigmask(SIG_SETMASK, &before, 0);
	}
	return 0;
}

static void synchronised(const char *when, int may_fail)
{
	double start = now();
	int error = static_call_synchronize_timeout(may_fail ? 30 : 5000);

	if (error && (!may_fail || error != -ETIMEDOUT))
		failed(when, "static_call_synchronize_timeout() returned %d", error);
	if (now() - start > 4)
		failed(when, "it took %f s", now() - start);
}

static void with_deaf_thread(const char *when, int listen)
{
	pthread_t thread;

	stop = quiet = 0;
	pthread_create(&thread, 0, deaf, 0);
	set_integer(two);
	set_integer(0);
	set_integer(three);
	synchronised(when, 1);
	check(when);
	quiet = listen;
	synchronised("it listens", 0);
	all_is_well("it listens");
	stop = 1;
	pthread_join(thread, 0);
	synchronised("it has gone", 0);
	all_is_well("it has gone");
}

static void signals_blocked(void)
{
	with_deaf_thread("deaf", 2);
}

static void signals_blocked_quiescent(void)
{
	with_deaf_thread("deaf", 1);
}

static void no_signal(void)
{
	int before = sc_signal_number();

	if (sc_set_signal(0))
		failed("sc_set_signal", "0 is not allowed");
	with_deaf_thread("without a signal", 1);
	if (sc_set_signal(before))
		failed("sc_set_signal", "%d is not allowed again", before);
	with_deaf_thread("with a signal", 2);
}

/* --- processes --- */

static void *updates(void *data)
{
	unsigned int round;

	(void)data;
	for (round = 0; !stop; round++) {
		static_call_update(integer, round & 1 ? two : three);
		static_call_update(nothing, round & 2 ? note : other_note);
		if (round & 4)
			static_branch_enable(&off);
		else
			static_branch_disable(&off);
		static_update_begin();
		static_call_update(zero, round & 1 ? two : three);
		static_update_commit();
	}
	return 0;
}

static void wait_for(const char *when, pid_t child)
{
	double start = now();
	int status;

	while (waitpid(child, &status, WNOHANG) == 0) {
		if (now() - start > 20) {
			kill(child, SIGKILL);
			waitpid(child, &status, 0);
			failed(when, "the child hangs");
			return;
		}
		usleep(100);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		failed(when, "the child ended with status %x", (unsigned int)status);
}

static void fork_while_updating(void)
{
	pthread_t thread;
	int round;

	stop = 0;
	pthread_create(&thread, 0, updates, 0);
	for (round = 0; round < 60; round++) {
		pid_t child = fork();

		if (!child) {
			all_is_well("in the child");
			if (static_call_synchronize())
				failed("in the child", "static_call_synchronize() failed");
			if (writable_text())
				failed("in the child", "text is writable");
			_exit(failures() != 0);
		}
		wait_for("fork", child);
	}
	stop = 1;
	pthread_join(thread, 0);
	all_is_well("afterwards");
}

/* A child of the child, and one that forks within a transaction. */
static void fork_in_transaction(void)
{
	pid_t child;

	static_update_begin();
	static_call_update(integer, two);
	child = fork();
	if (!child) {
		if (static_update_cancel() && static_update_cancel() != -EINVAL)
			failed("in the child", "cancel failed");
		all_is_well("in the child");
		_exit(failures() != 0);
	}
	wait_for("fork in a transaction", child);
	if (static_update_commit())
		failed("commit", "failed");
	if (static_call_query(integer) != two)
		failed("commit", "did nothing");
	check("commit");
	all_is_well("afterwards");
}

static void spawn_while_updating(void)
{
	char *arguments[] = { "true", 0 };
	pthread_t thread;
	int round;

	stop = 0;
	pthread_create(&thread, 0, updates, 0);
	for (round = 0; round < 40; round++) {
		pid_t child;

		if (posix_spawn(&child, "/bin/true", 0, 0, arguments, environ))
			failed("posix_spawn", "failed");
		else
			wait_for("posix_spawn", child);
		child = vfork();
		if (!child) {
			execv("/bin/true", arguments);
			_exit(1);
		}
		wait_for("vfork", child);
	}
	stop = 1;
	pthread_join(thread, 0);
	all_is_well("afterwards");
}

/* --- signals --- */

static volatile int handled, wrong;

static void handler(int signal)
{
	int error = static_call_update(integer, handled & 1 ? two : three);
	long got = inline_integer_call(40);

	(void)signal;
	handled++;
	if ((error && error != -EBUSY && error != -EDEADLK) || (got != 41 && got != 42 && got != 43))
		wrong++;
	error = static_branch_try_enable(&off);
	error |= static_branch_try_disable(&off);
	if (error > 0)
		wrong++;
}

static void signal_storm(void)
{
	struct itimerval often = { { 0, 200 }, { 0, 200 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
	double start = now();
	int round;

	sigaction(SIGALRM, &action, 0);
	setitimer(ITIMER_REAL, &often, 0);
	for (round = 0; now() - start < 0.4; round++) {
		if (static_call_update(integer, round & 1 ? one : two) ||
		    static_call_update(nothing, round & 1 ? note : other_note))
			wrong++;
		static_branch_enable(&off);
		if (static_update_begin())
			wrong++;
		static_call_update(zero, round & 1 ? two : three);
		static_branch_disable(&on);
		static_branch_enable(&on);
		if (static_update_commit())
			wrong++;
		static_branch_disable(&off);
	}
	setitimer(ITIMER_REAL, &never, 0);
	if (!handled || wrong)
		failed("storm", "%d signals were handled, %d updates went wrong", handled, wrong);
	all_is_well("afterwards");
}

/* --- what other threads see of the text's protection --- */

static void *watch_text(void *data)
{
	unsigned long *seen = data;

	while (!stop) {
		FILE *maps = fopen("/proc/self/maps", "r");
		unsigned long low, high;
		char line[512], protection[5];

		while (fgets(line, sizeof(line), maps))
			if (sscanf(line, "%lx-%lx %4s", &low, &high, protection) == 3 &&
			    high > seen[0] && low < seen[1]) {
				seen[2] += !!strchr(protection, 'w');
				seen[3] += !strchr(protection, 'x') || protection[0] != 'r';
			}
		fclose(maps);
		seen[4]++;
	}
	return 0;
}

/* From the first use to the last: all of it text. */
static void text_stays_executable(void)
{
	unsigned long seen[5] = { ~0ul, 0, 0, 0, 0 }, bytes = executable_bytes();
	pthread_t watcher, updater;
	double start = now();

#define WIDEN(name, info)							\
	if ((unsigned long)inline_##name < seen[0])				\
		seen[0] = (unsigned long)inline_##name;				\
	if ((unsigned long)inline_##name >= seen[1])				\
		seen[1] = (unsigned long)inline_##name + 1;
	WIDEN(integer_call, 0) WIDEN(zero_call, 0) WIDEN(on_likely, 0) WIDEN(off_unlikely, 0)
	stop = 0;
	pthread_create(&watcher, 0, watch_text, seen);
	pthread_create(&updater, 0, updates, 0);
	while (now() - start < 0.4)
		if (static_call_update(empty, now() - start < 0.2 ? note : 0))
			failed("watched", "an update failed");
	stop = 1;
	pthread_join(watcher, 0);
	pthread_join(updater, 0);
	if (!seen[4] || seen[3])
		failed("watched", "text could not be executed %lu times of %lu", seen[3], seen[4]);
	if (executable_bytes() != bytes)
		failed("afterwards", "%lu bytes can be executed, not %lu", executable_bytes(), bytes);
	all_is_well("afterwards");
}

/* What the program did to its own pages beside the text stays. */
static void other_pages(void)
{
	unsigned long page = (unsigned long)sysconf(_SC_PAGESIZE), bytes;
	char *area = mmap(0, 3 * page, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(area + page, page, PROT_READ | PROT_WRITE | PROT_EXEC);
	bytes = executable_bytes();
	ALLOW(0);
	change_all();
	if (writable_text() != 1)
		failed("afterwards", "%d mappings are writable text", writable_text());
	if (executable_bytes() != bytes)
		failed("afterwards", "%lu bytes can be executed, not %lu", executable_bytes(), bytes);
	munmap(area, 3 * page);
}

const struct fault thread_faults[] = {
	{ "signals-blocked", 0, signals_blocked },
	{ "signals-blocked-quiescent", 0, signals_blocked_quiescent },
	{ "no-signal", 0, no_signal },
	{ "fork", 0, fork_while_updating },
	{ "fork-in-transaction", 0, fork_in_transaction },
	{ "spawn", 0, spawn_while_updating },
	{ "storm", 0, signal_storm },
	{ "watched", 0, text_stays_executable },
	{ "other-pages", 0, other_pages },
	{ 0, 0, 0 },
};
