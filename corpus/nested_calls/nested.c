#include <sc/static_call.h>

int twice(int x)
{
    return 2 * x;
}

int times_ten(int x)
{
    return 10 * x;
}

int add(int a, int b)
{
    return a + b;
}

int second_only(int a, int b)
{
    (void)a;
    return b;
}

typedef int step_fn(int x);

static step_fn *same(step_fn *fn)
{
    return fn;
}

DEFINE_STATIC_CALL(step_up, twice);
DEFINE_STATIC_CALL(mix, add);
DEFINE_STATIC_CALL(identity, same);

int depth_three(int x)
{
    return static_call(mix)(1, static_call(step_up)(static_call(mix)(x, static_call(step_up)(3))));
}

int same_key(int x)
{
    return static_call(step_up)(static_call(step_up)(static_call(step_up)(x)));
}

int old_in_new(int x)
{
    return static_call(mix)(static_call(step_up, static_call(step_up, x)), x % 2);
}

int new_in_old(int x)
{
    return static_call(mix, static_call(step_up)(2 * static_call(step_up, x)), 1);
}

/* A function pointer goes in and out of a static call, and is called. */
int through_pointer(int x)
{
    return static_call(mix)(static_call(identity)(static_call_query(step_up))(2 * x), 1);
}
