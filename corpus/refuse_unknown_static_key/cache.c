#include <sc/static_key.h>

DEFINE_STATIC_KEY_FALSE(cache_enabled);

int hits(int n)
{
    if (static_branch_unlikely(&cache_enabled))
        n++;
    return n;
}

int misses(int n)
{
    /* no underscore */
    if (static_branch_unlikely(&cacheenabled))
        n--;
    return n;
}
