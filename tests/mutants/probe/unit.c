/* Few places of every kind, for probe.c. */
#include <sc/sc.h>

int add(int a, int b);
int subtract(int a, int b);
void speak(int what);
int spoken;

__attribute__((noinline)) int add(int a, int b) { return a + b; }
__attribute__((noinline)) int subtract(int a, int b) { return a - b; }
__attribute__((noinline)) void speak(int what) { spoken += what; }

DEFINE_STATIC_CALL(operate, add);
DEFINE_STATIC_CALL_NULL(hook, speak);
DEFINE_STATIC_KEY_FALSE(flag);
DEFINE_STATIC_KEY_TRUE(sign);

__attribute__((noinline)) int last(int a, int b)
{
	return static_call(operate)(a, b);
}

__attribute__((noinline)) int calls(int a, int b)
{
	int before = spoken;

	static_call(hook)(b);
	return static_call(operate)(a, b) * 100 + last(a, b) + (spoken - before) * 10000;
}

__attribute__((noinline)) int guards(void)
{
	int seen = 0;

	if (static_branch_unlikely(&flag))
		seen |= 1;
	if (static_branch_likely(&flag))
		seen |= 2;
	if (static_branch_likely(&sign))
		seen |= 4;
	if (static_branch_unlikely(&sign))
		seen |= 8;
	return seen;
}

SC_DYNAMIC(-1) __attribute__((noinline)) int limited(int n)
{
	return n + 1;
}

int limit(int on)
{
	return on ? dynamic_function_enable(limited) : dynamic_function_disable(limited);
}

int use_limited(int n)
{
	return limited(n);
}

void _start(void)
{
}
