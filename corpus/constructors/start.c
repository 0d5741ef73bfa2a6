#include "start.h"

int trace[8];
static int used;

int first(int n)
{
	return 100 + n;
}

int second(int n)
{
	return 200 + n;
}

int third(int n)
{
	return 300 + n;
}

DEFINE_STATIC_CALL(voice, first);
DEFINE_STATIC_KEY_FALSE(awake);

void put(int value)
{
	trace[used++ & 7] = value;
}

/* 101 is the first priority that programs may use; the runtime has it too. */
__attribute__((constructor(100))) static void before_all(void)
{
	put(static_call(voice)(1));
	static_call_update(voice, second);
	put(static_call(voice)(2));
}

__attribute__((constructor(102))) static void early(void)
{
	put(static_call(voice)(3));
	static_branch_enable(&awake);
	static_call_update(voice, third);
}

__attribute__((constructor)) static void late(void)
{
	if (static_branch_unlikely(&awake))
		put(static_call(voice)(4));
}

int traced(int index)
{
	return trace[index];
}

int speak(int n)
{
	return static_call(voice)(n);
}
