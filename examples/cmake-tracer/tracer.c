#include "tracer.h"

#include <stdio.h>
#include <string.h>

DEFINE_STATIC_KEY_FALSE(probe_push);
DEFINE_STATIC_KEY_FALSE(probe_pop);

static unsigned int hits;

void tracer_hit(const char *name, long value)
{
	hits++;
	printf("  %s %ld\n", name, value);
}

unsigned int tracer_hits(void)
{
	return hits;
}

int tracer_switch(const char *name, int on)
{
	if (!strcmp(name, "push")) {
		if (on)
			static_branch_enable(&probe_push);
		else
			static_branch_disable(&probe_push);
	} else if (!strcmp(name, "pop")) {
		if (on)
			static_branch_enable(&probe_pop);
		else
			static_branch_disable(&probe_pop);
	} else {
		return -1;
	}
	return 0;
}
