/*
 * The program under test: keys of each kind, their uses in every form, and the
 * verdict that all uses agree with what the runtime says of their keys.
 */
#ifndef SUBJECT_H
#define SUBJECT_H

#ifndef _GNU_SOURCE
# define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sc/sc.h>

long one(long a);
long two(long a);
long three(long a);
void note(long a);
void other_note(long a);
extern long noted;

DECLARE_STATIC_CALL(integer, one);	/* starts at one */
DECLARE_STATIC_CALL(zero, one);		/* starts as RET0 */
DECLARE_STATIC_CALL(nothing, note);	/* starts at note */
DECLARE_STATIC_CALL(empty, note);	/* starts as NULL */
DECLARE_STATIC_KEY_TRUE(on);
DECLARE_STATIC_KEY_FALSE(off);

/* Each use is a function of its own: what it gives, or what was noted. */
#define USES_OF(use, prefix)				\
	use(prefix##_integer_call, &integer_info)	\
	use(prefix##_integer_tail, &integer_info)	\
	use(prefix##_zero_call, &zero_info)		\
	use(prefix##_zero_tail, &zero_info)		\
	use(prefix##_nothing_call, &nothing_info)	\
	use(prefix##_nothing_tail, &nothing_info)	\
	use(prefix##_empty_call, &empty_info)		\
	use(prefix##_empty_tail, &empty_info)		\
	use(prefix##_on_likely, &on_info)		\
	use(prefix##_on_unlikely, &on_info)		\
	use(prefix##_off_likely, &off_info)		\
	use(prefix##_off_unlikely, &off_info)
#ifdef SHARED
# define SHARED_USES(use) USES_OF(use, shared)
#else
# define SHARED_USES(use)
#endif
#ifdef STRADDLING
# define STRADDLING_USES(use) use(straddling, &integer_info)
#else
# define STRADDLING_USES(use)
#endif
#define EVERY_USE(use)		\
	USES_OF(use, inline)	\
	USES_OF(use, trampoline)\
	USES_OF(use, slot)	\
	SHARED_USES(use)	\
	STRADDLING_USES(use)

#define DECLARE_USE(name, info) long name(long a);
EVERY_USE(DECLARE_USE)

/* What the runtime says of all keys, and how the dynamic function was switched last. */
struct state {
	void *integer, *zero, *nothing, *empty;
	int on, off;
	int dynamic, padding;
};

/* All uses agree with static_call_query() and static_key_count(), or it is counted as failed. */
void check(const char *when);
struct state remember(void);

/* Counts a failure and tells it. */
void failed(const char *when, const char *format, ...) __attribute__((format(printf, 2, 3)));
int failures(void);

/* The errors that updates may return at present, a list that ends with 0; at first none. */
void allow(const int *errors);
#define ALLOW(...) allow((const int[]){ __VA_ARGS__, 0 })

/*
 * Makes an update, and judges it: 0 and the key is as wanted, or an allowed
 * error and nothing has changed; and all uses agree. Gives the update's error.
 */
int set_integer(long (*target)(long));
int set_zero(long (*target)(long));
int set_nothing(void (*target)(long));
int set_empty(void (*target)(long));
int set_on(int wanted);
int set_off(int wanted);
int set_dynamic(int wanted);

/* The same with all keys in one transaction, in either of two ways. */
int set_batch(int way);

/* All of the above, several times: how many updates were done, and how many refused. */
struct tally {
	int done, refused;
};
struct tally change_all(void);

/* The best level that was asked for. */
int best_level(void);

/* Now everything can be changed, without an error. */
void all_is_well(const char *when);

/* Calls go on as they are asked to; whether guards do is not said. */
void calls_are_well(const char *when);

/* Uses in an object that is loaded late count from now on, until it is to be closed. */
void *load_late(void);
void close_late(void *object);

/* What the log said: how many lines so far. */
int logged(void);

#endif
