#include <counter/counter.h>

unsigned int add_wrapping(unsigned int a, unsigned int b)
{
    return (a + b) & 0xff;
}

static unsigned int add_saturating(unsigned int a, unsigned int b)
{
    return a + b > 0xff ? 0xff : a + b;
}

DEFINE_STATIC_CALL(counter_add, add_wrapping);
DEFINE_STATIC_KEY_FALSE(counter_debug);

extern struct counter events;

void set_saturating(void)
{
    static_call_update(counter_add, add_saturating);
}

unsigned int own_use(unsigned int by)
{
    return counter_bump(&events, by);
}
