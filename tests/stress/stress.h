/*
 * How a dispatch is checked exactly, while other threads update its key.
 *
 * A key's targets are numbered 0 to 15; update number u makes target u % 16
 * current. Only one thread updates a key. It counts `begun` up before an update
 * and `done` behind it. A caller reads `done` before its call and `begun` behind
 * it: whatever was current at some moment of the call has a number between the
 * two, and nothing else has, as long as they are not 15 apart.
 *
 * Target number i returns 16 * a + i, so that a call with the wrong argument, or
 * of no target at all, is seen too; number 0 is a key that is unset or RET0.
 */
#ifndef STRESS_H
#define STRESS_H

enum {
	ALPHA, BETA, GAMMA, DELTA,	/* long (long) */
	NOTE,				/* void (long, long *) */
	VISITING,			/* its target is now and then in the plugin */
	INNER,				/* the plugin's own */
	HANDLER_0, HANDLER_1,		/* updated by a signal's handler */
	FLAG_A, FLAG_B, FLAG_C,		/* static keys, of two states */
	SWITCHED,			/* a dynamic function */
	KEYS
};

#define TARGETS 16u

struct history {
	unsigned int begun;
	unsigned int done;
} __attribute__((__aligned__(64)));

struct caller {
	unsigned long dispatches;
	unsigned long overlapped;	/* during which their key was updated */
	unsigned long wide;		/* of these: any target would have been right */
	unsigned long epoch;		/* blocks; between two of them no site is entered */
	unsigned int inside;		/* may be in the plugin's code */
} __attribute__((__aligned__(64)));

extern struct history stress_history[KEYS];

long stress_target(long a);		/* the type of the targets */
void stress_note(long a, long *out);
void *stress_number(unsigned int number, int both);	/* RET0 too, where `both` */
void stress_wrong(int key, unsigned int before, unsigned int begun, long got, long a);

/*
 * As many updates as these were over when a call began. Emulators of programs
 * translate code in blocks, which a thread ends before it fetches anew, whatever
 * became of the code meanwhile: no site may be in one block with what is read here.
 */
#ifdef TRANSLATED
unsigned int stress_before(int key);
#else
static inline unsigned int stress_before(int key)
{
	return __atomic_load_n(&stress_history[key].done, __ATOMIC_ACQUIRE);
}
#endif

/* `number` is the state that was met, of `states`. */
static inline void stress_check(struct caller *me, int key, unsigned int before,
				unsigned long number, unsigned int states, long got, long a)
{
	unsigned int begun;

	/* What the call read, such as a slot, was read before what follows. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	begun = __atomic_load_n(&stress_history[key].begun, __ATOMIC_RELAXED);
	if (__builtin_expect(begun != before, 0)) {
		me->overlapped++;
		me->wide += begun - before >= states - 1;
	}
	if (__builtin_expect(number >= states, 0) ||
	    (((unsigned int)number - before) & (states - 1)) > begun - before)
		stress_wrong(key, before, begun, got, a);
}

/* One call of `key`: an expression that gives what target `number` gives for `a`. */
#define CALL(key, a, expression) do {							\
	unsigned int before_ = stress_before(key);					\
	long got_ = (expression);							\
											\
	stress_check(me, key, before_, got_ ? (unsigned long)(got_ - 16 * (a)) : 0,	\
		     TARGETS, got_, a);							\
} while (0)

/* One test of a flag: 0 or 1. */
#define TEST(key, expression) do {							\
	unsigned int before_ = stress_before(key);					\
	long got_ = (expression);							\
											\
	stress_check(me, key, before_, (unsigned long)got_, 2, got_, 0);		\
} while (0)

/* Dispatches by all sites of a unit, `rounds` times. */
typedef void stress_sites(struct caller *me, long rounds);

/* The signature of what the layouts bring: what a site gives for `a`. */
struct layout {
	int key;
	long (*function)(long a);
};
extern const struct layout stress_layouts[];
extern const unsigned int stress_layouts_count;

/* What the plugin tells of itself. */
struct plugin {
	stress_sites *sites;
	long (*target)(long a);			/* number 3, for a key of the program */
	int (*update)(unsigned int number);	/* of the key INNER */
};

#endif
