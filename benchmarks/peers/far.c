/* The function chosen lies in a shared object, beyond what a direct branch reaches. */
long target_far(long value);
#define SECOND target_far
#include "way.h"

WAY_DECLARE;
WAY_DEFINE;

void *far_address(void);

__attribute__((__noinline__)) static long call(long value)
{
	return WAY_CALL(value) * 2;
}

int main(void)
{
	long distance = (char *)far_address() - (char *)target_a;

	if (distance < 1l << 32 && distance > -1l << 32)
		return NOT_TESTED;
	WAY_THREAD_STARTS();
	if (WAY_CHOOSE(1))
		return CANNOT;
	if (call(1) != 2 * 4)
		return WRONG;
	WAY_THREAD_ENDS();
	return WORKS;
}
