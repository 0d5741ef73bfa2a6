/* The keys, their trampolines and the other target, all far from the sites. */
#include "ops.h"

int distant(int a) { return 3 * a; }

DEFINE_STATIC_CALL(op, distant);
DEFINE_STATIC_CALL(once, distant);

void to_near(void)
{
	static_call_update(op, nearby);
	static_call_update(once, nearby);
}

void to_far(void)
{
	static_call_update(op, distant);
	static_call_update(once, distant);
}
