#include <sc/static_call.h>

/* Two functions with one prototype, and a key that starts at the first. */
int func_a(int arg1, int arg2)
{
    return arg1 + arg2;
}

int func_b(int arg1, int arg2)
{
    return arg1 * arg2;
}

DEFINE_STATIC_CALL(my_key, func_a);

int first(int arg1, int arg2)
{
    return static_call(my_key)(arg1, arg2);
}

/* The spelling of the first posting, with the arguments inside. */
int first_2018(int arg1, int arg2)
{
    return static_call(my_key, arg1, arg2);
}

int whole_story(int arg1, int arg2)
{
    int before, after;

    static_call_update(my_key, func_a);

    /* calls func_a() */
    before = static_call(my_key, arg1, arg2);

    static_call_update(my_key, func_b);

    /* calls func_b() */
    after = static_call(my_key)(arg1, arg2);

    return after * 100 + before;
}
