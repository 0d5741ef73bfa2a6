#include <sc/static_call.h>

static int from_cache(int id)
{
    return id + 1;
}

DEFINE_STATIC_CALL(lookup, from_cache);

int first(int id)
{
    return static_call(lookup)(id);
}
