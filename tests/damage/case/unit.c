#include <sc/sc.h>

void note(int what);

static int add(int a, int b) { return a + b; }
static int subtract(int a, int b) { return a - b; }
static void speak(int what) { note(what); }

DEFINE_STATIC_CALL(operate, add);
DEFINE_STATIC_CALL_NULL(hook, speak);
DEFINE_STATIC_CALL_RET0(zero, add);
DEFINE_STATIC_CALL_NULL(unset, add);

DEFINE_STATIC_KEY_TRUE(up);
DEFINE_STATIC_KEY_FALSE(down);
DEFINE_STATIC_KEY_FALSE(early);

int calls(int a, int b)
{
	static_call(hook)(a);
	return 100 * static_call(operate)(a, b) + static_call(zero)(a, b) +
	       static_call(unset)(a, b);
}

int guards(void)
{
	int seen = 0;

	if (static_branch_likely(&up))
		seen |= 1;
	if (static_branch_unlikely(&up))
		seen |= 2;
	if (static_branch_likely(&down))
		seen |= 4;
	if (static_branch_unlikely(&down))
		seen |= 8;
	if (static_branch_unlikely(&early))
		seen |= 16;
	return seen;
}

int guards_again(void)
{
	return static_branch_unlikely(&down) ? 1 : static_branch_likely(&up) ? 2 : 3;
}
