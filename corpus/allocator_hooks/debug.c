#include "pool.h"

#define RED 0x5a

void damaged(const void *object);

int live_objects;

static void paint(void *object, size_t size)
{
    unsigned char *bytes = object;

    live_objects++;
    for (; size < OBJECT_SIZE; size++)
        bytes[size] = RED;
}

static int check_paint(const void *object)
{
    const unsigned char *bytes = object;

    live_objects--;
    if (bytes[OBJECT_SIZE - 1] == RED)
        return 0;
    damaged(object);
    return 1;
}

void debug_on(int on)
{
    if (on) {
        static_call_update(pool_on_alloc, paint);
        static_call_update(pool_on_free, check_paint);
        static_branch_enable(&pool_debug);
    } else {
        static_branch_disable(&pool_debug);
        static_call_update(pool_on_free, (void *)&__static_call_return0);
        static_call_update(pool_on_alloc, NULL);
    }
}

int churn(int n)
{
    void *objects[POOL_OBJECTS];
    int i, got = 0;

    for (i = 0; i < n; i++) {
        void *object = pool_alloc(20);

        if (object)
            objects[got++] = object;
    }
    for (i = 0; i < got; i++)
        if (pool_free(objects[i]))
            return -1;
    return got;
}

int overrun(void)
{
    unsigned char *object = pool_alloc(16);

    object[OBJECT_SIZE - 1] = 1;
    return pool_free(object);
}
