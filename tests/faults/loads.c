/* An object with sites of this program's keys comes late, and goes again. */
#include "faults.h"

#include <dlfcn.h>

/* No key is as it was when the object was linked. */
static void set_otherwise(void)
{
	set_integer(two);
	set_zero(three);
	set_nothing(0);
	set_empty(other_note);
	set_on(0);
	set_off(1);
}

static void loaded_late(void)
{
	int round;

	for (round = 0; round < 3; round++) {
		void *object;

		all_is_well("before");
		set_otherwise();
		object = load_late();
		all_is_well("loaded");
		set_otherwise();
		close_late(object);
		all_is_well("closed");
	}
}

static void loaded_twice(void)
{
	void *object = load_late(), *again = load_late();

	all_is_well("loaded twice");
	dlclose(again);
	all_is_well("closed once");
	close_late(object);
	all_is_well("closed");
}

/* Calls of the late object go by slots; guards everywhere stay as they are until it goes. */
static void refused_for_late(void)
{
	void *object;

	set_integer(two);
	set_zero(three);
	set_nothing(0);
	set_empty(other_note);
	refuse_calls(OPEN_TEXT, 1, FOREVER, EACCES);
	object = load_late();
	no_faults();
	if (!logged() || sc_protection() != SC_SLOT)
		failed("refused", "the level is %d", sc_protection());
	calls_are_well("refused");
	ALLOW(-EACCES);
	if (set_on(0) != -EACCES || set_off(1) != -EACCES || set_batch(0) != -EACCES)
		failed("refused", "a guard was switched");
	close_late(object);
	if (sc_protection() != best_level())
		failed("closed", "the level is %d", sc_protection());
	all_is_well("closed");
}

/* One of the pages that are opened for it is refused: nothing of it is half done. */
static void refused_in_the_middle(void)
{
	int k;

	for (k = 1; k < 12; k++) {
		void *object;

		set_integer(two);
		set_zero(three);
		refuse_calls(OPEN_TEXT, k, 1, EACCES);
		object = load_late();
		no_faults();
		calls_are_well("refused");
		ALLOW(-EACCES);
		change_all();
		close_late(object);
		all_is_well("closed");
	}
}

/* A target goes with its object: that is told, and the key can be pointed elsewhere. */
static void target_closed(void)
{
	void *object = load_late();
	long (*target)(long) = (long (*)(long))dlsym(object, "late_target");
	int before;

	set_integer(target);
	before = logged();
	close_late(object);
	if (logged() == before)
		failed("closed", "nothing was logged");
	if (static_call_update(integer, one))
		failed("closed", "the key cannot be updated");
	all_is_well("closed");
}

const struct fault load_faults[] = {
	{ "loaded-late", 0, loaded_late },
	{ "loaded-twice", 0, loaded_twice },
	{ "loaded-refused", watch_calls, refused_for_late },
	{ "loaded-refused-in-the-middle", watch_calls, refused_in_the_middle },
	{ "loaded-target-closed", 0, target_closed },
	{ 0, 0, 0 },
};
