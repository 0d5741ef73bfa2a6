#include "keys.h"

long seen(void)
{
	long digits = static_call(first)(0) * 1000 + static_call(second)(0) * 100;

	if (static_branch_unlikely(&flag))
		digits += 10;
	if (static_branch_likely(&sign))
		digits += 1;
	return digits;
}
