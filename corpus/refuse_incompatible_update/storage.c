#include <sc/static_call.h>

int put(int block, long value);

static int to_disk(int block, long value)
{
    return put(block, value);
}

static int to_memory(int block, long *value)
{
    *value = block;
    return 0;
}

DEFINE_STATIC_CALL(store, to_disk);

int save(int block, long value)
{
    return static_call(store)(block, value);
}

/* The signatures differ by one star. */
void use_memory(void)
{
    static_call_update(store, to_memory);
}
