/*
 * One thread chooses while three others call, from sites at each of the 64
 * places in a cache line. A call gives one of the two results; the choice is in effect for
 * the one who made it.
 */
#include <pthread.h>
#include <time.h>

#include "way.h"

WAY_DECLARE;
WAY_DEFINE;

#define SITE(n)								\
	__attribute__((__noinline__, __aligned__(64))) static long site_##n(long value)	\
	{								\
		__asm__ volatile(".rept " #n "\n\tnop\n\t.endr");	\
		return WAY_CALL(value) + 1;				\
	}
/* Octal numbers, 00 to 077. */
#define EIGHT(do, n) \
	do(0##n##0) do(0##n##1) do(0##n##2) do(0##n##3) do(0##n##4) do(0##n##5) do(0##n##6) do(0##n##7)
#define ALL(do) \
	EIGHT(do, 0) EIGHT(do, 1) EIGHT(do, 2) EIGHT(do, 3) EIGHT(do, 4) EIGHT(do, 5) EIGHT(do, 6) EIGHT(do, 7)
ALL(SITE)
#define NAME(n) site_##n,
static long (*const sites[])(long) = { ALL(NAME) };
#define SITES (sizeof(sites) / sizeof(sites[0]))

static int stop, wrong;
static long calls;

static void *caller(void *unused)
{
	long i, result, done = 0;

	WAY_THREAD_STARTS();
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < (long)SITES; i++) {
			result = sites[i](i);
			if (result != i + 2 && result != i + 3)
				__atomic_store_n(&wrong, 1, __ATOMIC_RELAXED);
		}
		done += i;
	}
	__atomic_add_fetch(&calls, done, __ATOMIC_RELAXED);
	WAY_THREAD_ENDS();
	return unused;
}

int main(void)
{
	pthread_t threads[3];
	time_t end = time(0) + 3;
	unsigned long i, changes = 0;

	for (i = 0; i < 3; i++)
		if (pthread_create(&threads[i], 0, caller, 0))
			return NOT_TESTED;
	WAY_THREAD_STARTS();
	while (time(0) < end && !wrong)
		for (i = 0; i < 100; i++, changes++) {
			long second = changes & 1;

			if (WAY_CHOOSE(second))
				return CANNOT;
			if (sites[changes % SITES](0) != 2 + second)
				wrong = 1;
		}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	WAY_THREAD_ENDS();
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], 0);
	return wrong ? WRONG : calls > 10000 && changes > 1000 ? WORKS : NOT_TESTED;
}
