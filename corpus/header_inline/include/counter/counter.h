#pragma once

#include <sc/sc.h>

#ifdef __cplusplus
extern "C" {
#endif

unsigned int add_wrapping(unsigned int a, unsigned int b);
void counter_report(unsigned int old, unsigned int new_value);

DECLARE_STATIC_CALL(counter_add, add_wrapping);
DECLARE_STATIC_KEY_FALSE(counter_debug);

struct counter {
    unsigned int value;
};

static inline unsigned int counter_get(const struct counter *counter)
{
    return counter->value;
}

static inline unsigned int counter_bump(struct counter *counter, unsigned int by)
{
    unsigned int old = counter->value;

    counter->value = static_call(counter_add)(old, by);
    if (static_branch_unlikely(&counter_debug))
        counter_report(old, counter->value);
    return counter_get(counter);
}

#ifdef __cplusplus
}
#endif
