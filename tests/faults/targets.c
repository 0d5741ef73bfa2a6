/* Targets that a branch cannot reach, that do nothing, or that are there already. */
#include "faults.h"

#include <sys/mman.h>

#ifndef MAP_FIXED_NOREPLACE
# define MAP_FIXED_NOREPLACE 0x100000
#endif

/* A copy of a function beyond the reach of any branch from the program. */
static void *far_copy(const void *function)
{
	char *at = (char *)((unsigned long)function & ~65535ul);

	for (;;) {
		char *page = mmap(at += 16ul << 30, 65536, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

		if (page == MAP_FAILED)
			continue;
		if (page != at) {
			munmap(page, 65536);
			continue;
		}
		memcpy(page, function, 64);
		__builtin___clear_cache(page, page + 64);
		mprotect(page, 65536, PROT_READ | PROT_EXEC);
		return page;
	}
}

static void far_away(void)
{
	long (*far)(long) = far_copy((const void *)three);
	int round;

	for (round = 0; round < 2; round++) {
		set_integer(far);
		set_integer(0);
		set_integer(far);
		set_integer(two);
		set_zero(far);
		set_zero((long (*)(long))__static_call_return0);
		set_zero(far);
	}
	all_is_well("afterwards");
}

/* Both ways of returning nothing, for keys that began as either. */
static void do_nothing(void)
{
	long (*zero)(long) = (long (*)(long))__static_call_return0;

	set_integer(0);
	set_integer(zero);
	set_integer(one);
	set_integer(zero);
	set_integer(0);
	set_zero(0);
	set_zero(zero);
	set_nothing(0);
	set_empty(0);
	set_empty(note);
	set_empty(0);
	all_is_well("afterwards");
}

/* Nothing is written where all stands already. */
static void the_same(void)
{
	struct sc_counters before, after;

	set_integer(two);
	set_on(1);
	sc_get_counters(&before);
	set_integer(two);
	set_integer(two);
	set_on(1);
	sc_get_counters(&after);
	if (after.patched != before.patched)
		failed("the same target", "%lu units were written", after.patched - before.patched);
	all_is_well("afterwards");
}

/* Wrong order, and what was begun and thrown away. */
static void wrong_order(void)
{
	struct state before = remember(), now;

	if (static_update_commit() != -EINVAL || static_update_cancel() != -EINVAL)
		failed("without begin", "it is no error");
	if (static_update_begin() || static_update_begin() != -EDEADLK)
		failed("begun twice", "it is no error");
	static_call_update(integer, two);
	static_branch_disable(&on);
	if (static_update_cancel())
		failed("cancel", "an error");
	now = remember();
	if (memcmp(&before, &now, sizeof(now)))
		failed("cancelled", "something has changed");
	check("cancelled");
	if (static_update_begin() || static_update_commit())
		failed("empty batch", "an error");
	all_is_well("afterwards");
}

/* A key that this program was linked without knowing: it has neither proxies nor sites. */
static void unknown_key(void)
{
	static struct static_call_key lonely;
	static struct static_key flag;

	lonely.func = (void *)one;
	if (__sc_static_call_update(&lonely, (void *)two) || lonely.func != (void *)two)
		failed("lonely call", "was not updated");
	if (static_key_try_enable(&flag) || static_key_count(&flag) != 1)
		failed("lonely key", "was not enabled");
	all_is_well("afterwards");
}

/* The program's sites are such that one straddles its unit: see straddle.c, linked for this. */
static void straddles(void)
{
	check("straddling");
	ALLOW(-EACCES, -EINVAL);
	change_all();
	if (set_nothing(other_note) || set_empty(note))
		failed("straddling", "a key that has nothing to do with it is refused");
}

const struct fault target_faults[] = {
	{ "far", 0, far_away },
	{ "nothing", 0, do_nothing },
	{ "the-same", 0, the_same },
	{ "wrong-order", 0, wrong_order },
	{ "unknown-key", 0, unknown_key },
	{ "straddles", 0, straddles },
	{ 0, 0, 0 },
};
