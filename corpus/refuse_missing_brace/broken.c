#include <sc/static_call.h>

struct rate {
    const char *name;
    int per_second;
};

static const struct rate rates[] = {
    { "slow", 1 },
    { "fast", 100 ;

static int rate_of(int i)
{
    return rates[i].per_second;
}

DEFINE_STATIC_CALL(rate, rate_of);

int total(int n)
{
    int sum = 0;

    while (n-- > 0)
        sum += static_call(rate)(n);
    return sum;
}
