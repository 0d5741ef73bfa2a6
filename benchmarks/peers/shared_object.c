#include "way.h"

WAY_DECLARE;
WAY_DEFINE;

int choose(int second);
long call_in_object(long value);

int choose(int second)
{
	return WAY_CHOOSE(second);
}

__attribute__((__noinline__)) long call_in_object(long value)
{
	return WAY_CALL(value) * 2;
}
