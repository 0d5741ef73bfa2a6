/* The key, its trampoline and the other target, all far from the site. */
#include "ops.h"

int distant(__typeof__(given) what) { return 3 * what.of; }

DEFINE_STATIC_CALL(once, distant);

void to_near(void)
{
	static_call_update(once, nearby);
}

void to_far(void)
{
	static_call_update(once, distant);
}
