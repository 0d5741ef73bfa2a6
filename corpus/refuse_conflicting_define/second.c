#include <sc/static_call.h>

static int from_disk(int id)
{
    return id + 2;
}

DEFINE_STATIC_CALL(lookup, from_disk);

int second(int id)
{
    return static_call(lookup)(id);
}
