/* The key, its trampoline and the other target, all far from the sites. */
#include "ops.h"

int distant(int a) { return 3 * a; }

DEFINE_STATIC_CALL(op, distant);

void to_near(void) { static_call_update(op, nearby); }
void to_far(void) { static_call_update(op, distant); }
