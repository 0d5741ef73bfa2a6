#include <stdint.h>
#include <stddef.h>
#include <string.h>

#include <sc/sc.h>

unsigned int read_jiffies(void);
uint64_t read_counter(void);

static uint64_t jiffies_ns(void)
{
    return (uint64_t)read_jiffies() * 10000000u;
}

static uint64_t counter_ns(void)
{
    return (read_counter() * 3355443200u) >> 25;
}

DEFINE_STATIC_CALL(sched_clock, jiffies_ns);
DEFINE_STATIC_KEY_FALSE(clock_is_stable);

uint64_t clock_offset;

static const struct clock_source {
    const char *name;
    uint64_t (*read)(void);
    int stable;
} sources[] = {
    { "jiffies", jiffies_ns, 0 },
    { "counter", counter_ns, 1 },
    { "none", NULL, 0 },
};

static inline uint64_t local_clock(void)
{
    return static_call(sched_clock)() + clock_offset;
}

uint64_t now(void)
{
    return local_clock();
}

int64_t elapsed(uint64_t since)
{
    return (int64_t)(local_clock() - since);
}

int clock_is_fine(void)
{
    if (static_branch_likely(&clock_is_stable))
        return 1;
    return 0;
}

int clock_select(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        uint64_t before;

        if (strcmp(sources[i].name, name) != 0)
            continue;
        before = local_clock();
        static_call_update(sched_clock, sources[i].read);
        clock_offset += before - local_clock();
        if (sources[i].stable)
            static_branch_enable(&clock_is_stable);
        else
            static_branch_disable(&clock_is_stable);
        return 0;
    }
    return -2;
}
