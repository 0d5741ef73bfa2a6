/* The keys, their targets, and the verdict. */
#include "subject.h"
#include <dlfcn.h>
#include <stdarg.h>

#define ARGUMENT 40

long noted;
long one(long a) { return a + 1; }
long two(long a) { return a + 2; }
long three(long a) { return a + 3; }
void note(long a) { noted = a + 1; }
void other_note(long a) { noted = a + 2; }

DEFINE_STATIC_CALL(integer, one);
DEFINE_STATIC_CALL_RET0(zero, one);
DEFINE_STATIC_CALL(nothing, note);
DEFINE_STATIC_CALL_NULL(empty, note);
DEFINE_STATIC_KEY_TRUE(on);
DEFINE_STATIC_KEY_FALSE(off);

SC_DYNAMIC(7) long dynamic(long a) { return a + 9; }
static int dynamic_on = 1;

static int failure_count, log_count;
static const int *allowed = (const int[]){ 0 };

void failed(const char *when, const char *format, ...)
{
	va_list arguments;

	if (failure_count++ > 20)
		return;
	printf("%s: ", when);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	fflush(stdout);
}

int failures(void)
{
	return failure_count;
}

void allow(const int *errors)
{
	static int kept[16];
	int i;

	for (i = 0; errors[i]; i++)
		kept[i] = errors[i];
	kept[i] = 0;
	allowed = kept;
}

/* --- what the runtime says, and what the program does --- */

struct state remember(void)
{
	return (struct state){
		(void *)static_call_query(integer), (void *)static_call_query(zero),
		(void *)static_call_query(nothing), (void *)static_call_query(empty),
		static_key_count(&on.key), static_key_count(&off.key), dynamic_on, 0,
	};
}

struct info {
	int is_call, is_void;
	long at;			/* of the state's field */
};
static const struct info integer_info = { 1, 0, __builtin_offsetof(struct state, integer) };
static const struct info zero_info = { 1, 0, __builtin_offsetof(struct state, zero) };
static const struct info nothing_info = { 1, 1, __builtin_offsetof(struct state, nothing) };
static const struct info empty_info = { 1, 1, __builtin_offsetof(struct state, empty) };
static const struct info on_info = { 0, 0, __builtin_offsetof(struct state, on) };
static const struct info off_info = { 0, 0, __builtin_offsetof(struct state, off) };

#define NAME_USE(name, info) { #name, name, info },
#define NAME_LATE_USE(name, info) { #name, 0, info },
static const struct use {
	const char *name;
	long (*function)(long);
	const struct info *info;
} uses[] = { EVERY_USE(NAME_USE) };

/* The same in an object that is loaded late. */
static struct use late_uses[] = { USES_OF(NAME_LATE_USE, shared) };
static int late;

/* What a use of the key is to give, by a call through an ordinary pointer. */
static long wanted_of(const struct info *info, const struct state *state)
{
	const void *field = (const char *)state + info->at;
	void *target;

	if (!info->is_call)
		return *(const int *)field > 0 ? ARGUMENT : 0;
	target = *(void *const *)field;
	noted = 0;
	if (!target)
		return 0;
	if (!info->is_void)
		return ((long (*)(long))target)(ARGUMENT);
	((void (*)(long))target)(ARGUMENT);
	return noted;
}

static void check_use(const char *when, const struct use *use, const struct state *state)
{
	long wanted = wanted_of(use->info, state), got;

	noted = 0;
	got = use->function(ARGUMENT);
	if (got != wanted)
		failed(when, "%s gives %ld, not %ld", use->name, got, wanted);
}

void check(const char *when)
{
	struct state state = remember();
	unsigned int i;

	for (i = 0; i < sizeof(uses) / sizeof(*uses); i++)
		check_use(when, &uses[i], &state);
	for (i = 0; late && i < sizeof(late_uses) / sizeof(*late_uses); i++)
		check_use(when, &late_uses[i], &state);
	if (dynamic(ARGUMENT) != (state.dynamic ? ARGUMENT + 9 : 7))
		failed(when, "dynamic gives %ld while it is %d", dynamic(ARGUMENT), state.dynamic);
}

void *load_late(void)
{
	void *object = dlopen("libhalf.so", RTLD_NOW | RTLD_LOCAL);
	unsigned int i;

	if (!object) {
		failed("dlopen", "%s", dlerror());
		exit(1);
	}
	for (i = 0; i < sizeof(late_uses) / sizeof(*late_uses); i++)
		*(void **)&late_uses[i].function = dlsym(object, late_uses[i].name);
	late = 1;
	return object;
}

void close_late(void *object)
{
	late = 0;
	dlclose(object);
}

/* --- updates, each with its verdict --- */

static int judge(const char *what, int error, struct state before, struct state wanted)
{
	const int *may = allowed;
	struct state now;

	dynamic_on = error ? before.dynamic : wanted.dynamic;
	now = remember();
	while (*may && *may != error)
		may++;
	if (error && !*may)
		failed(what, "returned %d", error);
	if (memcmp(&now, error ? &before : &wanted, sizeof(now)))
		failed(what, error ? "changed a key, but returned %d" : "did not change its key", error);
	check(what);
	return error;
}

#define JUDGED(key, value, update)					\
	struct state before = remember(), after = before;		\
									\
	after.key = value;						\
	return judge("update of " #key, update, before, after)

int set_integer(long (*target)(long))
{
	JUDGED(integer, (void *)target, static_call_update(integer, target));
}

int set_zero(long (*target)(long))
{
	JUDGED(zero, (void *)target, static_call_update(zero, target));
}

int set_nothing(void (*target)(long))
{
	JUDGED(nothing, (void *)target, static_call_update(nothing, target));
}

int set_empty(void (*target)(long))
{
	JUDGED(empty, (void *)target, static_call_update(empty, target));
}

int set_on(int wanted)
{
	JUDGED(on, wanted, wanted ? static_branch_try_enable(&on) : static_branch_try_disable(&on));
}

int set_off(int wanted)
{
	int count = static_key_count(&off.key);
	JUDGED(off, wanted, wanted > count ? static_branch_try_inc(&off) :
			    wanted < count ? static_branch_try_dec(&off) : 0);
}

int set_dynamic(int wanted)
{
	JUDGED(dynamic, wanted,
	       wanted ? dynamic_function_enable(dynamic) : dynamic_function_disable(dynamic));
}

static int batch(struct state *after, int way)
{
	int error = static_update_begin();

	if (error)
		failed("static_update_begin", "returned %d", error);
	error = static_call_update(integer, way ? three : two);
	error |= static_call_update(zero, way ? (long (*)(long))__static_call_return0 : two);
	error |= static_call_update(nothing, way ? note : other_note);
	error |= static_call_update(empty, way ? (void (*)(long))0 : note);
	error |= way ? static_branch_try_enable(&on) : static_branch_try_disable(&on);
	error |= way ? static_branch_try_disable(&off) : static_branch_try_enable(&off);
	if (error)
		failed("in a batch", "an update returned %d", error);
	after->integer = (void *)(way ? three : two);
	after->zero = way ? (void *)__static_call_return0 : (void *)two;
	after->nothing = (void *)(way ? note : other_note);
	after->empty = way ? (void *)0 : (void *)note;
	after->on = way;
	after->off = !way;
	return static_update_commit();
}

int set_batch(int way)
{
	struct state before = remember(), after = before;
	int error = batch(&after, way);

	return judge("batch", error, before, after);
}

static void count(struct tally *tally, int error)
{
	if (error)
		tally->refused++;
	else
		tally->done++;
}

static void change_calls(struct tally *tally)
{
	count(tally, set_integer(two));
	count(tally, set_integer(three));
	count(tally, set_integer(three));
	count(tally, set_integer(0));
	count(tally, set_integer(one));
	count(tally, set_zero(three));
	count(tally, set_zero((long (*)(long))__static_call_return0));
	count(tally, set_nothing(other_note));
	count(tally, set_nothing(0));
	count(tally, set_nothing(note));
	count(tally, set_empty(other_note));
	count(tally, set_empty(0));
}

struct tally change_all(void)
{
	struct tally tally = { 0, 0 };
	int round;

	for (round = 0; round < 2; round++) {
		change_calls(&tally);
		count(&tally, set_dynamic(0));	/* a call or a guard, as the arch has it */
		count(&tally, set_dynamic(1));
		count(&tally, set_on(0));
		count(&tally, set_on(1));
		count(&tally, set_off(1));
		count(&tally, set_off(0));
		count(&tally, set_batch(0));
		count(&tally, set_batch(1));
	}
	return tally;
}

int best_level(void)
{
	const char *level = getenv("SC_PROTECTION");

	return level && !strcmp(level, "int3") ? SC_INT3 : SC_WORD;
}

void all_is_well(const char *when)
{
	static const int none[] = { 0 };
	struct tally tally;

	allow(none);
	check(when);
	tally = change_all();
	if (tally.refused)
		failed(when, "%d updates were refused, %d done", tally.refused, tally.done);
}

void calls_are_well(const char *when)
{
	static const int none[] = { 0 };
	struct tally tally = { 0, 0 };

	allow(none);
	check(when);
	change_calls(&tally);
	if (tally.refused)
		failed(when, "%d updates of calls were refused, %d done", tally.refused, tally.done);
}

/* --- start --- */

static void log_line(int error, const char *text, const void *at)
{
	log_count++;
	if (getenv("TELL"))
		fprintf(stderr, "log: %d %s %p\n", error, text, at);
}

int logged(void)
{
	return log_count;
}

/* Before the constructors, whose lines are to be counted too. */
static void start_log(void)
{
	sc_set_log(log_line);
}
__attribute__((section(".preinit_array"), used)) static void (*const start)(void) = start_log;
