#include <stddef.h>

#include <sc/static_call.h>

struct stage {
    double (*gain)(int channel);
    void (*reset)(void);
};

DEFINE_STATIC_CALL_NULL(stage_gain, *((struct stage *)0)->gain);
DEFINE_STATIC_CALL_NULL(stage_reset, *((struct stage *)0)->reset);

void install(const struct stage *stage)
{
    static_call_update(stage_gain, stage->gain);
    static_call_update(stage_reset, stage->reset);
}

double total_gain(void)
{
    static_call_cond(stage_reset)();
    return static_call(stage_gain)(0);
}
