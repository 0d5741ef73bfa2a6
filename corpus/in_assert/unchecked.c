#define NDEBUG
#include <assert.h>

#include "check.h"

int unchecked(int x)
{
    assert(static_call(validate)(x));
    assert(!static_branch_unlikely(&paranoid));
    return 2 * x;
}
