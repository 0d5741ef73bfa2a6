/* The only site, with a target of its own beside it. */
#include "ops.h"

__typeof__(given) given;

int nearby(__typeof__(given) what) { return 2 * what.of; }

int call_once(int a)
{
	given.of = a;
	return static_call(once)(given) + 2;
}
