#include "provider.h"

int double_it(int x)
{
	return 2 * x;
}

int add_one(int x)
{
	return x + 1;
}

static int times_six(int x)
{
	return 6 * x;
}

DEFINE_STATIC_CALL(open_step, double_it);
EXPORT_STATIC_CALL(open_step);

/* Only this unit decides where this one goes. */
DEFINE_STATIC_CALL(closed_step, add_one);
EXPORT_STATIC_CALL_TRAMP(closed_step);

int provider_update(void)
{
	return static_call_update(closed_step, times_six);
}
