/*
 * Every public function of the runtime, with threads that call meanwhile: what
 * sanitizers and valgrind watch. EXERCISE_MS is for how long.
 */
#ifndef _GNU_SOURCE
# define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <sc/sc.h>

#define CALLERS 3

long one(long a);
long two(long a);
void note(long a);
long one(long a) { return a + 1; }
long two(long a) { return a + 2; }
static _Thread_local long noted;
void note(long a) { noted = a; }

DEFINE_STATIC_CALL(shared_key, one);		/* another object has sites of it, too */
DEFINE_STATIC_CALL(own_key, one);
DEFINE_STATIC_CALL_NULL(empty_key, note);
DEFINE_STATIC_KEY_FALSE(flag);
DEFINE_STATIC_KEY_TRUE(other_flag);
SC_DYNAMIC(-1) long dynamic(long a) { return a; }

static int stop, wrong;

#define EXPECT(condition) do {							\
	if (!(condition)) {							\
		fprintf(stderr, "line %d: %s\n", __LINE__, #condition);		\
		__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);		\
	}									\
} while (0)

/* --- callers: each result is one of those that are possible --- */

static void use_once(long a)
{
	long got = static_call(own_key)(a), tested = 0;

	EXPECT(got == a + 1 || got == a + 2);
	got = static_call(shared_key)(a);
	EXPECT(got == a + 1 || got == a + 2);
	noted = 0;
	static_call_cond(empty_key)(a);
	EXPECT(noted == 0 || noted == a);
	if (static_branch_unlikely(&flag))
		tested++;
	if (static_branch_likely(&other_flag))
		tested++;
	EXPECT(tested <= 2);
	got = dynamic(a);
	EXPECT(got == a || got == -1);
}

static void *calls(void *data)
{
	long (*target)(long);
	long a = 1;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		use_once(a++);
		if (data)
			sc_quiescent();
		if (a % 64 == 0) {
			target = static_call_query(own_key);
			EXPECT(target == one || target == two);
			EXPECT(static_key_count(&flag.key) >= 0);
			sched_yield();
		}
	}
	return 0;
}

/* --- updates by each function, from several threads --- */

static void update_once(unsigned int round)
{
	EXPECT(static_call_update(own_key, round & 1 ? one : two) == 0);
	EXPECT(static_call_update(empty_key, round & 1 ? note : (void (*)(long))0) == 0);
	EXPECT((round & 1 ? dynamic_function_enable(dynamic) : dynamic_function_disable(dynamic)) == 0);
	if (round & 1)
		static_branch_enable(&flag);
	else
		static_branch_disable(&flag);
	static_branch_inc(&other_flag);
	static_branch_dec(&other_flag);
	EXPECT(static_branch_try_inc(&other_flag) == 0);
	EXPECT(static_branch_try_dec(&other_flag) == 0);
}

static void batch_once(unsigned int round)
{
	EXPECT(static_update_begin() == 0);
	EXPECT(static_update_begin() == -EDEADLK);
	EXPECT(static_call_update(own_key, two) == 0);
	EXPECT(static_call_update(shared_key, round & 1 ? one : two) == 0);
	EXPECT((round & 1 ? static_branch_try_enable(&flag) : static_branch_try_disable(&flag)) == 0);
	EXPECT((round % 4 ? static_update_commit() : static_update_cancel()) == 0);
}

static void *updates(void *data)
{
	unsigned int round;

	for (round = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); round++) {
		update_once(round);
		batch_once(round);
		sched_yield();
	}
	return data;
}

/* --- the rest --- */

static void log_line(int error, const char *text, const void *at)
{
	if (getenv("TELL"))
		fprintf(stderr, "log: %d %s %p\n", error, text, at);
}

static int count_key(const struct sc_key_info *info, void *data)
{
	EXPECT(info->key != 0);
	return ++*(int *)data > 1000;
}

static int count_site(const struct sc_site_info *info, void *data)
{
	EXPECT(info->code != 0 && info->kind >= SC_INFO_CALL && info->kind <= SC_INFO_TRAMPOLINE);
	return ++*(int *)data > 1000;
}

static void look(void)
{
	struct sc_irq_state outer, inner;
	struct sc_counters counters;
	int keys = 0, sites = 0;

	EXPECT(sc_protection() == SC_WORD || sc_protection() == SC_SLOT);
	sc_get_counters(&counters);
	EXPECT(counters.updates > 0 && counters.objects > 0);
	EXPECT(sc_for_each_key(count_key, &keys) == 0 && keys >= 3);
	EXPECT(sc_for_each_site(count_site, &sites) == 0 && sites >= 6);
	EXPECT(!sc_text_contains((const void *)look));
	sc_irq_enter((const void *)look, &outer);
	sc_irq_enter((const void *)look, &inner);
	sc_irq_exit(&inner);
	sc_irq_exit(&outer);
}

static void synchronise(void)
{
	int signal = sc_signal_number(), error = static_call_synchronize_timeout(3000);

	EXPECT(error == 0 || error == -ETIMEDOUT);
	EXPECT(sc_set_signal(0) == 0);
	error = static_call_synchronize_timeout(1);
	EXPECT(error == 0 || error == -ETIMEDOUT);
	EXPECT(sc_set_signal(signal) == 0);
}

/* The other object comes and goes; it has sites of a key of this program. */
static void load(const char *path)
{
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	long (*part)(long);

	if (!object) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	part = (long (*)(long))dlsym(object, "part");
	EXPECT(part(40) == 41 || part(40) == 42);
	EXPECT(static_call_update(shared_key, two) == 0);
	EXPECT(part(40) == 41 || part(40) == 42);
	EXPECT(dlclose(object) == 0);
}

static void divide(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		__atomic_store_n(&wrong, 0, __ATOMIC_RELAXED);
		EXPECT(static_call_update(own_key, two) == 0);
		EXPECT(static_call(own_key)(40) == 42);
		static_branch_enable(&flag);
		EXPECT(static_key_count(&flag.key) == 1);
		_exit(__atomic_load_n(&wrong, __ATOMIC_RELAXED) != 0);
	}
	EXPECT(child > 0 && waitpid(child, &status, 0) == child && status == 0);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* With no other thread: each result is the one. A program that runs translated must see it. */
static void settled(void)
{
	int round;

	for (round = 0; round < 4; round++) {
		EXPECT(static_call_update(own_key, round & 1 ? one : two) == 0);
		EXPECT(static_call(own_key)(40) == (round & 1 ? 41 : 42));
		EXPECT((round & 1 ? dynamic_function_enable(dynamic)
				  : dynamic_function_disable(dynamic)) == 0);
		EXPECT(dynamic(40) == (round & 1 ? 40 : -1));
		EXPECT((round & 1 ? static_branch_try_enable(&flag)
				  : static_branch_try_disable(&flag)) == 0);
		EXPECT(!!static_branch_unlikely(&flag) == (round & 1));
		EXPECT(!!static_branch_likely(&flag) == (round & 1));
	}
	EXPECT(static_call_synchronize() == 0);
}

int main(int argc, char **argv)
{
	const char *wanted = getenv("EXERCISE_MS");
	double end = now() + (wanted ? atof(wanted) : 300);
	pthread_t threads[CALLERS + 1];
	int i;

	sc_set_log(log_line);
	for (i = 0; i < CALLERS; i++)
		pthread_create(&threads[i], 0, calls, i ? &stop : 0);
	pthread_create(&threads[CALLERS], 0, updates, 0);
	for (i = 0; i < 3 || now() < end; i++) {
		update_once((unsigned int)i);
		batch_once((unsigned int)i);
		look();
		synchronise();
		if (argc > 1)
			load(argv[1]);
		divide();
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < CALLERS + 1; i++)
		pthread_join(threads[i], 0);
	settled();
	sc_set_log(0);
	printf("%d wrong\n", wrong);
	return wrong != 0;
}
