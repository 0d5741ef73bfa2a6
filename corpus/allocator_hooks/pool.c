#include "pool.h"

static _Alignas(16) unsigned char pool[POOL_OBJECTS][OBJECT_SIZE];
unsigned int pool_used;

DEFINE_STATIC_KEY_FALSE(pool_debug);
DEFINE_STATIC_CALL_NULL(pool_on_alloc, alloc_hook);
DEFINE_STATIC_CALL_RET0(pool_on_free, free_hook);

void *pool_alloc(size_t size)
{
    unsigned int i;

    if (size > (static_branch_unlikely(&pool_debug) ? OBJECT_SIZE - 1 : OBJECT_SIZE))
        return NULL;
    for (i = 0; i < POOL_OBJECTS; i++) {
        if (pool_used & (1u << i))
            continue;
        pool_used |= 1u << i;
        if (static_branch_unlikely(&pool_debug))
            static_call_cond(pool_on_alloc)(pool[i], size);
        return pool[i];
    }
    return NULL;
}

/* Is there damage? */
int pool_free(void *object)
{
    size_t i = (size_t)((unsigned char (*)[OBJECT_SIZE])object - pool);
    int damage;

    if (i >= POOL_OBJECTS || !(pool_used & (1u << i)))
        return -1;
    damage = static_call(pool_on_free)(object);
    pool_used &= ~(1u << i);
    return damage;
}
