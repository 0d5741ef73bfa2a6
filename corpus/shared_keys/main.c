#include "backend.h"

int get(int block)
{
    int extra = 0;

    if (static_branch_unlikely(&cache))
        extra = 1;
    else if (!static_branch_likely(&may_wait))
        return -11;
    return static_call(fetch)(block) + extra;
}

void caching(int on)
{
    if (on)
        static_branch_enable(&cache);
    else
        static_branch_disable(&cache);
}
