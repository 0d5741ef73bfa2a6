/* No function is chosen: the call does nothing, and returns 0. */
#define SECOND_IS_NOTHING
#include "way.h"

WAY_DECLARE;
WAY_DEFINE;

__attribute__((__noinline__)) static long call(long value)
{
	return WAY_CALL(value) * 2;
}

int main(void)
{
	WAY_THREAD_STARTS();
	if (WAY_CHOOSE(1))
		return CANNOT;
	if (call(1))
		return WRONG;
	WAY_THREAD_ENDS();
	return WORKS;
}
