#include <sc/static_call.h>

static double norm2(double x, double y)
{
    return x * x + y * y;
}

static double norm1(double x, double y)
{
    return (x < 0 ? -x : x) + (y < 0 ? -y : y);
}

static float amplify(float sample)
{
    return sample * 1.5f;
}

static float invert(float sample)
{
    return -sample;
}

static double linear(float from, double to, int percent, double unused, float more)
{
    (void)unused;
    return from + (to - from) * percent / 100.0 + more;
}

static double step(float from, double to, int percent, double unused, float more)
{
    (void)unused, (void)more;
    return percent < 20 ? from : to;
}

static long double add_up(long double total, int n)
{
    return n ? add_up(total + n, n - 1) : total;
}

static long double only_last(long double total, int n)
{
    return total + n;
}

DEFINE_STATIC_CALL(norm, norm2);
DEFINE_STATIC_CALL(filter, amplify);
DEFINE_STATIC_CALL(blend, linear);
DEFINE_STATIC_CALL(accumulate, add_up);

int hypot_squared(int x, int y)
{
    double d = static_call(norm)(x, -y);

    return (int)d;
}

int gain(int sample)
{
    return (int)static_call(filter)(sample);
}

int interpolate(int percent)
{
    return (int)(static_call(blend)(100.0f, 200.0, percent, 1e300, 0.25f));
}

int long_sum(int n)
{
    return (int)static_call(accumulate)(0.0L, n);
}

double direct(double x, int y)
{
    double length = static_call(norm)(x, y);

    return length + static_call(filter)((float)x);
}

void set_cheap(void)
{
    static_call_update(norm, norm1);
    static_call_update(filter, invert);
    static_call_update(blend, step);
    static_call_update(accumulate, only_last);
}
