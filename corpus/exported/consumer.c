#include "provider.h"

static int square(int x)
{
	return x * x;
}

int consume(int x)
{
	return static_call(closed_step)(static_call(open_step)(x));
}

int consumer_update(void)
{
	return static_call_update(open_step, square);
}
