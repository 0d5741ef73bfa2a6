#include "tail.h"

void spoken(int x);

int join(int a, int b)
{
    return 10 * a + b;
}

int subtract(int a, int b)
{
    return a - b;
}

void say(int x)
{
    spoken(x);
}

void fill(int *where, int n)
{
    int i;

    for (i = 0; i < 8; i++)
        where[i] = i % (n + 1);
}

DEFINE_STATIC_CALL(target, join);
DEFINE_STATIC_CALL(quiet, say);
DEFINE_STATIC_KEY_FALSE(shortcut);
