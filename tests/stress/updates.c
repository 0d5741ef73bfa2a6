/* The program's keys, and how they are updated: singly, in batches, in a signal's handler. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "parts.h"

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

struct updater stress_updaters[MOST];
unsigned int stress_updaters_count;
unsigned long stress_interrupting;
__thread int stress_handled = -1;
static __thread int recording;		/* this thread's updates, until it commits them */
static __thread unsigned int recorded;	/* of these, the last by a signal's handler */
static target *stress_away;

/* A copy beyond the reach of any branch. */
void stress_copy_away(void)
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
	stress_away = (target *)page;
}

unsigned int stress_begin(int key)
{
	return __atomic_add_fetch(&stress_history[key].begun, 1, __ATOMIC_SEQ_CST);
}

void stress_end(int key)
{
	__atomic_store_n(&stress_history[key].done, stress_history[key].begun, __ATOMIC_SEQ_CST);
}

void *stress_number(unsigned int number, int both)
{
	target *zero = both && number & TARGETS ? (target *)(void *)__static_call_return0 : NULL;

	number %= TARGETS;
	return (void *)(number == 0 ? zero : number == 1 ? stress_away : stress_targets[number]);
}

/* Puts a key into the state of that number. */
int stress_set(int key, unsigned int number)
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
	unsigned int number = stress_begin(key);

	stress_expect(stress_set(key, number), "an update");
	stress_end(key);
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
	return i % stress_updaters_count == me->number;
}

/* What is recorded and called off is never to be seen: it would be the wrong target. */
static void cancel(struct updater *me)
{
	unsigned int i;

	recording = 1;
	stress_expect(static_update_begin(), "begin");
	for (i = 0; i < OWNED; i++)
		if (is_mine(me, i) && owned[i] < FLAG_A)
			stress_expect(stress_set(owned[i], stress_history[owned[i]].done + 8), "an update");
	stress_expect(static_update_cancel(), "cancel");
	recording = 0;
	recorded = 0;
}

/* All keys of this updater at once; the last of several updates of a key counts. */
static void batch(struct updater *me)
{
	unsigned int i;

	recording = 1;
	stress_expect(static_update_begin(), "begin");
	for (i = 0; i < OWNED; i++)
		if (is_mine(me, i)) {
			unsigned int number = stress_history[owned[i]].done;

			if (owned[i] < FLAG_A)
				stress_expect(stress_set(owned[i], number + 9), "an update");
			stress_expect(stress_set(owned[i], number + 1), "an update");
		}
	for (i = 0; i < OWNED; i++)
		if (is_mine(me, i))
			(void)stress_begin(owned[i]);
	stress_expect(static_update_commit(), "commit");
	recording = 0;
	if (recorded)
		__atomic_store_n(&stress_history[stress_handled].done, recorded, __ATOMIC_SEQ_CST);
	recorded = 0;
	for (i = 0; i < OWNED; i++)
		if (is_mine(me, i)) {
			stress_end(owned[i]);
			me->updates++;
		}
	me->batches++;
}

/* In the midst of another update, or of a call; between begin and commit it is one of a batch. */
void stress_handle(int signal)
{
	unsigned int number;

	(void)signal;
	if (stress_handled < 0)
		return;
	number = stress_begin(stress_handled);
	stress_expect(stress_set(stress_handled, number), "an update in a handler");
	if (recording)
		recorded = number;
	else
		stress_end(stress_handled);
	__atomic_fetch_add(&stress_interrupting, 1, __ATOMIC_RELAXED);
}

void *stress_update_all(void *data)
{
	struct updater *me = data;
	unsigned int i = 0;

	me->random = 2463534242u + me->number;
	if (!me->number)
		__atomic_store_n(&stress_handled, HANDLER_0, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&stress_over, __ATOMIC_RELAXED)) {
		unsigned int choice;

		stress_take_rest();
		choice = stress_updaters_count > 1 ? chance(me) % 64 : 64;

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

/* Each key once, by whichever thread: where no other updates. */
void stress_update_each(void)
{
	unsigned int i;

	for (i = 0; i < OWNED; i++)
		update(&stress_updaters[0], owned[i]);
}
