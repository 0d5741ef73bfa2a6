/* Chooses, and calls what was chosen. Also run where text may never be made writable. */
#include "way.h"

WAY_DECLARE;
WAY_DEFINE;

__attribute__((__noinline__)) static long call(long value)
{
	return WAY_CALL(value) * 2;	/* no tail call */
}

int main(void)
{
	long i;

	WAY_THREAD_STARTS();
	for (i = 0; i < 100; i++) {
		if (WAY_CHOOSE(1))
			return CANNOT;
		if (call(i) != 2 * (i + 2))
			return WRONG;
		if (WAY_CHOOSE(0))
			break;		/* one choice for good: it works as far as it goes */
		if (call(i) != 2 * (i + 1))
			return WRONG;
	}
	WAY_THREAD_ENDS();
	return WORKS;
}
