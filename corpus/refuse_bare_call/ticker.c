#include <sc/static_call.h>

void beat(void);

static void tick(void)
{
    beat();
}

DEFINE_STATIC_CALL(ticker, tick);

void run(int beats)
{
    while (beats-- > 0) {
        static_call(ticker);
        static_call(ticker)();
    }
}
