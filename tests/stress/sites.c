/* Sites of every key and kind; the program has this unit, and the plugin a copy. */
#include <sc/sc.h>

#include "keys.h"
#include "stress.h"

#define NOINLINE __attribute__((__noinline__))

static NOINLINE long tail_alpha(long a)
{
	return static_call(alpha)(a);
}

static NOINLINE long tail_gamma(long a)
{
	return static_call(gamma)(a);
}

static NOINLINE void tail_note(long a, long *out)
{
	static_call_cond(note)(a, out);
}

/* A compiler may make the branch a conditional tail call. */
static NOINLINE long sometimes(long a, long really)
{
	if (really)
		return static_call(beta)(a);
	return -1;
}

static inline long call_note(long a)
{
	long out = 0;

	static_call_cond(note)(a, &out);
	return out;
}

static inline long call_tail_note(long a)
{
	long out = 0;

	tail_note(a, &out);
	return out;
}

static inline long test_a(void)
{
	if (static_branch_unlikely(&flag_a))
		return 1;
	return 0;
}

static inline long test_b(void)
{
	if (static_branch_likely(&flag_b))
		return 1;
	return 0;
}

static inline long test_c(void)
{
	if (static_branch_unlikely(&flag_c))
		return 1;
	return 0;
}

void SITES(struct caller *me, long rounds)
{
	long a;

	me->dispatches += 16 * (unsigned long)rounds;
	for (a = rounds; a; a--) {
		CALL(ALPHA, a, static_call(alpha)(a));
		CALL(BETA, a, static_call(beta)(a));
		TEST(FLAG_A, test_a());
		CALL(GAMMA, a, static_call(gamma)(a));
		CALL(DELTA, a, static_call(delta)(a));
		TEST(FLAG_B, test_b());
		CALL(NOTE, a, call_note(a));
		CALL(ALPHA, a, tail_alpha(a));
		CALL(GAMMA, a, tail_gamma(a));
		TEST(FLAG_C, test_c());
		CALL(NOTE, a, call_tail_note(a));
		CALL(BETA, a, sometimes(a, a));
		CALL(VISITING, a, static_call(visiting)(a));
		CALL(HANDLER_0, a, static_call(handler_0)(a));
		CALL(HANDLER_1, a, static_call(handler_1)(a));
		TEST(SWITCHED, switched(a) == 16 * a);
	}
}
