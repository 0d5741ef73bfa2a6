#include "way.h"

long target_a(long value)
{
	return value + 1;
}

long target_b(long value)
{
	return value + 2;
}
