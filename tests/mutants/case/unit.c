#include <sc/sc.h>

void note(int what);

static int add(int a, int b) { return a + b; }
static int subtract(int a, int b) { return a - b; }
static void speak(int what) { note(what); }

DEFINE_STATIC_CALL(operate, add);
DEFINE_STATIC_CALL_NULL(hook, speak);
DEFINE_STATIC_CALL_RET0(zero, add);

DEFINE_STATIC_KEY_TRUE(up);
DEFINE_STATIC_KEY_FALSE(down);

SC_DYNAMIC(-1) int switched(int a)
{
	return 2 * a;
}

static int last(int a, int b)
{
	return static_call(operate)(b, a);
}

static void last_hook(int what)
{
	static_call(hook)(what);
}

int calls(int a, int b)
{
	static_call(hook)(a);
	last_hook(b);
	return 1000 * static_call(operate)(a, b) + 100 * static_call(zero)(a, b) + last(a, b) +
	       (static_call_query(operate) == add);
}

int guards(void)
{
	int seen = static_key_count(&down.key) * 16 + static_key_count(&up.key) * 256;

	if (static_branch_likely(&up))
		seen |= 1;
	if (static_branch_unlikely(&up))
		seen |= 2;
	if (static_branch_likely(&down))
		seen |= 4;
	if (static_branch_unlikely(&down))
		seen |= 8;
	return seen;
}

int counted(int by)
{
	for (; by > 0; by--)
		static_branch_inc(&down);
	for (; by < 0; by++)
		static_branch_dec(&down);
	return guards();
}

int together(int other)
{
	int error = static_update_begin();

	error |= static_call_update(operate, other ? subtract : add);
	error |= static_call_update(hook, other ? speak : (void (*)(int))0);
	if (other) {
		static_branch_enable(&up);
		static_branch_inc(&down);
	} else {
		static_branch_disable(&up);
		static_branch_dec(&down);
	}
	return error | static_update_commit();
}
