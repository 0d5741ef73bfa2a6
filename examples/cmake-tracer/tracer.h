/* Probes that cost one NOP each until somebody looks. */
#ifndef TRACER_H
#define TRACER_H

#include <sc/static_key.h>

#define PROBE(name, value) do {						\
	if (static_branch_unlikely(&probe_##name))			\
		tracer_hit(#name, value);				\
} while (0)

DECLARE_STATIC_KEY_FALSE(probe_push);
DECLARE_STATIC_KEY_FALSE(probe_pop);

void tracer_hit(const char *name, long value);
unsigned int tracer_hits(void);
int tracer_switch(const char *name, int on);	/* -1: no such probe */

#endif
