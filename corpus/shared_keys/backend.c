#include "backend.h"

int from_disk(int block)
{
    return 2 * block;
}

int from_network(int block)
{
    return 3 * block;
}

DEFINE_STATIC_CALL(fetch, from_disk);
DEFINE_STATIC_KEY_FALSE(cache);
DEFINE_STATIC_KEY_TRUE(may_wait);

int backend_get(int block)
{
    return static_call(fetch)(block + !!static_key_enabled(&cache)) +
           (static_branch_unlikely(&cache) && !static_branch_likely(&may_wait) ? 1 : 0);
}

int use_network(void)
{
    return static_call_update(fetch, from_network);
}
