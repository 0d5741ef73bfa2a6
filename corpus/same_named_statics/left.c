#include "sides.h"

static int helper(int x)
{
    return x + 1;
}

static int other(int x)
{
    return x * 10;
}

DEFINE_STATIC_CALL(left_key, helper);

int left(int x)
{
    return static_call(left_key)(x);
}

static void setup(void)
{
    static_call_update(left_key, other);
}

void left_setup(void)
{
    setup();
}

/* Each gets the other's helper. */
void cross(int unused)
{
    int (*mine)(int) = helper;

    (void)unused;
    static_call_update(left_key, right_helper());
    static_call_update(right_key, mine);
}
