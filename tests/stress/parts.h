/* What the parts of the program share: threads and their counts, updates, the end. */
#ifndef PARTS_H
#define PARTS_H

#include "keys.h"

#define MOST		64
#define HALTED_SECONDS	30

struct updater {
	unsigned long updates;		/* of one key each */
	unsigned long batches;
	unsigned int number;
	unsigned int random;
} __attribute__((__aligned__(64)));

extern struct caller stress_callers[MOST];
extern struct updater stress_updaters[MOST];
extern unsigned int stress_callers_count, stress_updaters_count, stress_rest;
extern unsigned long stress_interrupting, stress_loads, stress_synchronised;
extern int stress_over;
extern const char *stress_plugin_path;
extern const struct plugin *stress_plugin_now;	/* while it is loaded */
extern __thread int stress_handled;		/* the key that this thread's signals update */

/* The end, with a reason. */
void stress_fail(int status) __attribute__((__noreturn__));
void stress_expect(int error, const char *what);

double stress_now(void);
void stress_sleep(double seconds);
void stress_take_rest(void);

/* The key is in the state before `number`, or in that; behind stress_end() in that alone. */
unsigned int stress_begin(int key);
int stress_set(int key, unsigned int number);
void stress_end(int key);

void stress_copy_away(void);
void stress_handle(int signal);
void stress_update_each(void);
void *stress_update_all(void *updater);
void *stress_load(void *nothing);

#endif
