/* The system refuses to let text be written, or to synchronise: by seccomp, MDWE, mseal. */
#include "faults.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
# define PR_SET_MDWE 65
# define PR_GET_MDWE 66
#endif
#define SYS_MSEAL 462

/* Everything was refused but what was so already; afterwards nothing is. */
static void all_was_refused(const char *when)
{
	struct tally tally = change_all();

	if (!tally.refused)
		failed(when, "no update was refused");
	if (writable_text())
		failed(when, "%d mappings are left writable", writable_text());
}

/* The lowest level from the start: calls go by slots, guards stay as they are. */
static void goes_by_slots(const char *when)
{
	if (sc_protection() != SC_SLOT)
		failed(when, "the level is %d", sc_protection());
	calls_are_well(when);
	ALLOW(-EACCES);
	if (set_on(0) != -EACCES || set_off(1) != -EACCES || set_batch(0) != -EACCES)
		failed(when, "a guard was switched");
	static_branch_disable(&on);
	static_branch_enable(&off);
	check(when);
	if (writable_text())
		failed(when, "%d mappings are writable text", writable_text());
}

static void is_lowered(const char *when)
{
	if (!logged())
		failed(when, "nothing was logged");
	goes_by_slots(when);
}

/* As the environment asks. A level that is not there on this machine is the next lower one. */
static void level_chosen(void)
{
	const char *level = getenv("SC_PROTECTION");

	if (level && strcmp(level, "word") && strcmp(level, "int3"))
		goes_by_slots(level);
	else if (level && !strcmp(level, "int3") && sc_protection() == SC_SLOT)
		is_lowered(level);
	else
		all_is_well(level ? level : "by itself");
}

/* --- mprotect --- */

static void refuse_text(void)
{
	watch_calls();
	refuse_calls(OPEN_TEXT, 1, FOREVER, EACCES);
}

static void text_refused_from_start(void)
{
	is_lowered("refused");
	no_faults();
	calls_are_well("allowed again");
}

static void text_refused_later(void)
{
	static const int errors[] = { EACCES, EPERM, ENOMEM };
	unsigned int i;

	all_is_well("before");
	for (i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		refuse_calls(OPEN_TEXT, 1, FOREVER, errors[i]);
		ALLOW(-errors[i]);
		all_was_refused("refused");
		no_faults();
		all_is_well("allowed again");
	}
}

/* Each single call of a batch is refused in turn; then each and all that follow. */
static void text_refused_in_the_middle(void)
{
	int k, way = 0, many = 1, refused = 0;

	all_is_well("before");
	for (k = 1; many; k++) {
		ALLOW(-ENOMEM);
		refuse_calls(OPEN_TEXT, k, many, ENOMEM);
		if (set_batch(way))
			refused++;
		else
			way = !way;
		if (writable_text())
			failed("refused", "%d mappings are writable", writable_text());
		if (seen_calls(OPEN_TEXT) < k) {
			many = many == 1 ? FOREVER : 0;
			k = 0;
		}
	}
	if (refused < 4)
		failed("in the middle", "only %d batches were refused", refused);
	no_faults();
	all_is_well("allowed again");
}

/* Text that cannot be closed stays writable, whatever is done; calls are right. */
static void text_not_closed(void)
{
	int k, way = 0;

	for (k = 1; k == 1 || seen_calls(CLOSE_TEXT) >= k - 1; k++) {
		ALLOW(-ENOMEM);
		refuse_calls(CLOSE_TEXT, k, 1, ENOMEM);
		if (!set_batch(way))
			way = !way;
	}
	no_faults();
	all_is_well("allowed again");
}

/* --- membarrier, or what the arch has --- */

static void refuse_synchronising_with(int error)
{
	watch_calls();
	refuse_calls(REGISTER, 1, FOREVER, error);
	refuse_calls(PUBLISH, 1, FOREVER, error);
	refuse_calls(SYNCHRONISE, 1, FOREVER, error);
}

static void refuse_synchronising(void)
{
	refuse_synchronising_with(ENOSYS);
}

static void forbid_synchronising(void)
{
	refuse_synchronising_with(EPERM);
}

static void synchronising_refused_from_start(void)
{
	is_lowered("refused");
	no_faults();
	calls_are_well("allowed again");
}

/* Only one of the two: a kernel may know one and not the other. */
static void refuse_cores(void)
{
	watch_calls();
	refuse_calls(SYNCHRONISE, 1, FOREVER, EINVAL);
}

static void cores_refused(void)
{
	ALLOW(-EACCES, -EPERM, -EINVAL, -ENOSYS);
	change_all();
	no_faults();
	ALLOW(-EACCES);
	change_all();
}

static void synchronising_refused_later(void)
{
	static const enum call calls[] = { PUBLISH, SYNCHRONISE };
	int i, k;

	all_is_well("before");
	for (i = 0; i < 2; i++)
		for (k = 1; k < 4; k++) {
			refuse_calls(calls[i], k, FOREVER, EPERM);
			ALLOW(-EPERM, -EACCES);
			change_all();
			no_faults();
			all_is_well("allowed again");
		}
}

/* --- one call at the start, and no other --- */

static void refuse_one(enum call call, int k)
{
	watch_calls();
	refuse_calls(call, k, 1, EPERM);
}

static void refuse_first_open(void) { refuse_one(OPEN_TEXT, 1); }
static void refuse_second_open(void) { refuse_one(OPEN_TEXT, 2); }
static void refuse_first_close(void) { refuse_one(CLOSE_TEXT, 1); }
static void refuse_first_publish(void) { refuse_one(PUBLISH, 1); }
static void refuse_first_synchronise(void) { refuse_one(SYNCHRONISE, 1); }

/* At whatever level the objects are now. */
static void one_was_refused(void)
{
	no_faults();
	calls_are_well("started");
	ALLOW(-EACCES);
	change_all();
	if (sc_protection() == SC_SLOT && !logged())
		failed("started", "nothing was logged");
}

/* --- memory-deny-write-execute --- */

/* The bit comes down from the program that this one was before. */
static void deny_and_start_again(void)
{
	if (prctl(PR_GET_MDWE, 0, 0, 0, 0) > 0)
		return;
	if (prctl(PR_SET_MDWE, 1, 0, 0, 0) == 0)
		execle("/proc/self/exe", "program", (char *)0,
		       (char *const[]){ "FAULT=denied-from-start", 0 });
	exit(77);
}

static void denied_from_start(void)
{
	is_lowered("denied");
}

static void denied_later(void)
{
	all_is_well("before");
	if (prctl(PR_SET_MDWE, 1, 0, 0, 0))
		exit(77);
	ALLOW(-EACCES);
	all_was_refused("denied");
}

/* --- sealed text --- */

static void seal(unsigned long low, unsigned long high)
{
	if (syscall(SYS_MSEAL, low, high - low, 0L))
		exit(77);
}

/* All of the program's, which updates may have cut into several mappings. */
static void seal_text(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long low, high;
	char line[512];

	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx r-x", &low, &high) == 2 && strstr(line, " r-x") &&
		    strstr(line, "/program"))
			seal(low, high);
	fclose(maps);
}

static void sealed_from_start(void)
{
	is_lowered("sealed");
}

static void sealed_later(void)
{
	all_is_well("before");
	seal_text();
	ALLOW(-EPERM, -EACCES);
	all_was_refused("sealed");
}

/* One page of many, which are opened by one call: those before it are opened already then. */
static void page_sealed_later(void)
{
	unsigned long page = (unsigned long)sysconf(_SC_PAGESIZE);
	unsigned long at = (unsigned long)inline_zero_tail / page * page;

	all_is_well("before");
	seal(at, at + page);
	ALLOW(-EPERM, -EACCES);
	change_all();
	if (!set_batch(0))
		failed("sealed", "a batch was done");
}

const struct fault policy_faults[] = {
	{ "level", 0, level_chosen },
	{ "text-refused-from-start", refuse_text, text_refused_from_start },
	{ "text-refused-later", watch_calls, text_refused_later },
	{ "text-refused-in-the-middle", watch_calls, text_refused_in_the_middle },
	{ "text-not-closed", watch_calls, text_not_closed },
	{ "first-open-refused", refuse_first_open, one_was_refused },
	{ "second-open-refused", refuse_second_open, one_was_refused },
	{ "first-close-refused", refuse_first_close, one_was_refused },
	{ "first-publish-refused", refuse_first_publish, one_was_refused },
	{ "first-synchronising-refused", refuse_first_synchronise, one_was_refused },
	{ "synchronising-missing", refuse_synchronising, synchronising_refused_from_start },
	{ "synchronising-forbidden", forbid_synchronising, synchronising_refused_from_start },
	{ "cores-not-synchronised", refuse_cores, cores_refused },
	{ "synchronising-refused-later", watch_calls, synchronising_refused_later },
	{ "denied-from-start", deny_and_start_again, denied_from_start },
	{ "denied-later", 0, denied_later },
	{ "sealed-from-start", seal_text, sealed_from_start },
	{ "sealed-later", 0, sealed_later },
	{ "page-sealed-later", 0, page_sealed_later },
	{ 0, 0, 0 },
};
