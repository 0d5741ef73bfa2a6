#include <sc/static_call.h>

void note(int last, const char *name);

static long weigh(int a, int b, int c, int d, int e, int f,
                  int g, int h, int i, int j, int k, int l)
{
    return 1L * a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f +
           7 * g + 8 * h + 9 * i + 10 * j + 11 * k + 12 * l;
}

static long weigh_back(int a, int b, int c, int d, int e, int f,
                       int g, int h, int i, int j, int k, int l)
{
    return weigh(l, k, j, i, h, g, f, e, d, c, b, a);
}

static long mix(char a, double b, const int *c, short d, float e, long f,
                unsigned char g, double h, const char *i, int j, float k, long long l)
{
    note(j, i);
    return a + (long)b + *c + d + (long)e + f + g + (long)h + i[0] + j + (long)k + (long)l;
}

static long mix_few(char a, double b, const int *c, short d, float e, long f,
                    unsigned char g, double h, const char *i, int j, float k, long long l)
{
    note(j, i + 1);
    (void)a, (void)b, (void)d, (void)e, (void)f, (void)g, (void)h, (void)k;
    return *c + (long)l;
}

static double add(double a, double b, double c, double d, double e, double f,
                  double g, double h, double i, double j, double k, double l)
{
    return a + b + c + d + e + f + g + h + i + j + k + l;
}

static double add_odd(double a, double b, double c, double d, double e, double f,
                      double g, double h, double i, double j, double k, double l)
{
    return a - b + c - d + e - f + g - h + i - j + k - l;
}

DEFINE_STATIC_CALL(ints, weigh);
DEFINE_STATIC_CALL(mixed, mix);
DEFINE_STATIC_CALL(doubles, add);

long twelve_ints(int x)
{
    return static_call(ints)(x, x + 1, x + 2, x + 3, x + 4, x + 5,
                             x + 6, x + 7, x + 8, x + 9, x + 10, x + 11);
}

long twelve_mixed(int x)
{
    static const char name[] = "mixed";
    int local = 1 - x;

    return static_call(mixed)((char)x, x + 0.5, &local, (short)-x, 1.5f, 10L,
                              255, -2.0, name, -x * 150, x * 0.25f, 1002LL);
}

int twelve_doubles(int x)
{
    return (int)static_call(doubles)(x, 0.5, x + 1, 1.5, x + 2, 2.5, x + 3, 3.5,
                                     x + 4, 4.5, x + 5, 5.5);
}

void reverse(void)
{
    static_call_update(ints, weigh_back);
    static_call_update(mixed, mix_few);
    static_call_update(doubles, add_odd);
}
