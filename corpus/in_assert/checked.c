#undef NDEBUG
#include <assert.h>

#include "check.h"

#define STRING(x) #x

int positive(int x)
{
    return x > 0;
}

int even(int x)
{
    return x % 2 == 0;
}

DEFINE_STATIC_CALL(validate, positive);
DEFINE_STATIC_KEY_FALSE(paranoid);

int checked(int x)
{
    int more = 0;

    assert(static_call(validate)(x));
    assert(!static_branch_unlikely(&paranoid) || static_call(validate)(x + 2));
    assert(static_call_query(validate) && "static_call(validate) has a target");
    if (static_branch_unlikely(&paranoid))
        more = 1;
    return 2 * x + more;
}

/* An idiom that is only spelled. */
int text(void)
{
    return STRING(static_call(validate)(1))[0] - ' ';
}
