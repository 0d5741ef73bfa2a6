#include "start.h"

__attribute__((constructor(65000))) static void nearly_last(void)
{
	if (static_branch_likely(&awake))
		put(static_call(voice)(5));
}

int other_speaks(int n)
{
	return static_call(voice)(n);
}
