/* The choice is the shared object's, which makes it too; both call. */
#include "way.h"

WAY_DECLARE;

int choose(int second);
long call_in_object(long value);

__attribute__((__noinline__)) static long call(long value)
{
	return WAY_CALL(value) * 2;
}

int main(void)
{
	long second;

	WAY_THREAD_STARTS();
	for (second = 1; second >= 0; second--) {
		if (choose((int)second))
			return second ? CANNOT : WORKS;	/* one choice for good */
		if (call(1) != 2 * (2 + second) || call_in_object(1) != 2 * (2 + second))
			return WRONG;
	}
	WAY_THREAD_ENDS();
	return WORKS;
}
