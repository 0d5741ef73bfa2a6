#include <sc/static_call.h>

static int scale(int value)
{
    return 3 * value;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

DEFINE_STATIC_CALL(scaler, scale);

int both(int a, int b)
{
    a = static_call(scaler, larger(a, b));
    b = static_call(scaler, (larger)(a), b);
    return a + b;
}
