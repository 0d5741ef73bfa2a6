#include "tail.h"

int same(int a, int b)
{
    return static_call(target)(a, b);
}

void void_tail(int x)
{
    static_call(quiet)(x);
}

int dropped(int a, int b, int c)
{
    (void)b;
    return static_call(target)(a, c);
}

int either(int first, int x)
{
    return first ? static_call(target)(x, 1) : static_call(target)(1, x);
}

int only_if(int x)
{
    if (x)
        return static_call(target)(x, x);
    return -1;
}

int after_guard(int x)
{
    if (static_branch_unlikely(&shortcut))
        return static_call(target)(x, x);
    return static_call(target)(x, 0);
}

/* The frame is gone by the time of the call. */
int with_frame(int n)
{
    int numbers[8];

    fill(numbers, n);
    n = numbers[n];
    return static_call(target)(n, n);
}

/* A conversion of the result: no jump where it needs an instruction. */
long converted(int x)
{
    return static_call(target)(x, x);
}
