/* A call at a function's end is a jump: ten million of them need no stack. */
long count_down(long value);
#define SECOND count_down
#include "way.h"

WAY_DECLARE;
WAY_DEFINE;

__attribute__((__noinline__)) static long call(long value)
{
	return WAY_CALL(value);
}

__attribute__((__noinline__)) long count_down(long value)
{
	__asm__ volatile("" : "+r"(value));
	return value ? call(value - 1) : 42;
}

int main(void)
{
	WAY_THREAD_STARTS();
	if (WAY_CHOOSE(1))
		return CANNOT;
	if (call(10000000) != 42)
		return WRONG;
	WAY_THREAD_ENDS();
	return WORKS;
}
