/* A shared object with a key, targets and sites of its own, and with sites of the program's keys. */
#include <stddef.h>

#include "keys.h"

long stress_plugin_target(long a);
int stress_plugin_update(unsigned int number);
stress_sites SITES, stress_plugin_sites;

/* Number 3, in an object that goes away. */
long stress_plugin_target(long a)
{
	return 16 * a + 3;
}

DEFINE_STATIC_CALL_RET0(inner, stress_plugin_target);

static __attribute__((__noinline__)) long tail_inner(long a)
{
	return static_call(inner)(a);
}

void stress_plugin_sites(struct caller *me, long rounds)
{
	long a;

	me->dispatches += 4 * (unsigned long)rounds;
	for (a = rounds; a; a--) {
		CALL(INNER, a, static_call(inner)(a));
		CALL(VISITING, a, static_call(visiting)(a));
		CALL(INNER, a, tail_inner(a));
		CALL(ALPHA, a, static_call(alpha)(a));
	}
	SITES(me, rounds);
}

int stress_plugin_update(unsigned int number)
{
	long (*target)(long) = number % TARGETS == 3 ? stress_plugin_target : stress_number(number, 1);

	return static_call_update(inner, target);
}

const struct plugin stress_plugin = {
	stress_plugin_sites, stress_plugin_target, stress_plugin_update,
};
