/* The sites, with a target of their own beside them. */
#include "ops.h"

int nearby(int a) { return 2 * a; }

int call_op(int a)
{
	return static_call(op)(a) + 1;
}

int last_op(int a)
{
	return static_call(op)(a);
}

/* The only site of its key. */
int call_once(int a)
{
	return static_call(once)(a) + 2;
}
