/* The idioms' words as names of other things, and as macros of the file's own. */
#define static_call_query(x) ((x) + 1000)

int early(int x)
{
	return static_call_query(x);
}

#undef static_call_query

#include <sc/sc.h>

#define LENGTH(x) ((int)sizeof(#x) - 1)

static int twice(int x)
{
	return 2 * x;
}

static int thrice(int x)
{
	return 3 * x;
}

DEFINE_STATIC_CALL(hook, twice);
DEFINE_STATIC_KEY_TRUE(gate);

struct static_call {
	int (*static_call)(int);
	int static_branch_likely, static_key_enabled;
};

typedef int static_call_update_t, dynamic_function_enable_t;
enum static_branch { static_call_cond = 7, static_key_false };

static struct static_call driver = {
	.static_call = thrice, .static_branch_likely = 40, .static_key_enabled = 50,
};

int through_members(int x)
{
	struct static_call *p = &driver, copy = driver;

	return (p->static_call)(x) + (copy.static_call)(1) + p->static_branch_likely +
	       copy . static_key_enabled + static_call(hook)(x);
}

int as_labels(int x)
{
	int static_branch_unlikely = static_branch_likely(&gate) ? 1 : 2;

	if (x)
		goto static_call;
	x = static_call(hook)(10);
	static_branch_unlikely += 4;
static_call:
	return x + static_branch_unlikely;
}

int as_strings(void)
{
	return LENGTH(static_call(hook)(1)) + 100 * LENGTH(static_branch_likely(&gate)) +
	       (int)sizeof("static_call(hook)(1)") /* static_call(hook)(1) */;
}

int as_names(int x)
{
	static_call_update_t static_call_update = x;
	enum static_branch branch = static_key_false;

	return static_call_update + branch + static_call_cond;
}

/* A macro that hides an idiom for a while. */
#pragma push_macro("static_branch_unlikely")
#undef static_branch_unlikely
#define static_branch_unlikely(x) ((x) != 0)

int hidden(int x)
{
	return static_branch_unlikely(x) ? 5 : 6;
}

#undef static_branch_unlikely
#pragma pop_macro("static_branch_unlikely")

int seen(void)
{
	return static_branch_unlikely(&gate) ? 7 : 8;
}

int late(void)
{
	return static_call_query(hook) == twice;
}
