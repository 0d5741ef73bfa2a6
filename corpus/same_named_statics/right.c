#include "sides.h"

static int helper(int x)
{
    return x - 1;
}

static int other(int x)
{
    return x / 5;
}

DEFINE_STATIC_CALL(right_key, helper);

int right(int x)
{
    return static_call(right_key)(x);
}

static void setup(void)
{
    static_call_update(right_key, other);
}

void right_setup(void)
{
    setup();
}

side_fn *right_helper(void)
{
    return helper;
}
