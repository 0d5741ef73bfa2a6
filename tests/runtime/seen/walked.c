/* The code that is looked at: a call, a tail call and a guard, each in a function of its own. */
#include "walked.h"

__attribute__((noinline)) long one(long a) { return a + 1; }
__attribute__((noinline)) long two(long a) { return a + 2; }

DEFINE_STATIC_CALL(key, one);
DEFINE_STATIC_KEY_FALSE(flag);

__attribute__((noinline)) long caller(long a)
{
	return static_call(key)(a) + 3;
}

__attribute__((noinline)) long jumper(long a)
{
	return static_call(key)(a);
}

__attribute__((noinline)) long tester(long a)
{
	if (static_branch_unlikely(&flag))
		return a * 7;
	return a;
}

__attribute__((noinline)) long outer(long a)
{
	long sum = caller(a);

	sum += jumper(a);
	return sum + tester(a);
}
