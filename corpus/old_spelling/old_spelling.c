#include <sc/static_call.h>

struct box {
    int width, height;
};

int narrow(struct box box, int scale)
{
    return box.width * box.height + scale;
}

static int wide(struct box box, int scale)
{
    return (box.width + scale) * (box.height + scale);
}

static int label_length(const char *label, char stop)
{
    int n = 0;

    while (label[n] && label[n] != stop)
        n++;
    return n;
}

static long twice(long value)
{
    return 2 * value;
}

DEFINE_STATIC_CALL(area, narrow);
DEFINE_STATIC_CALL(label, label_length);
DEFINE_STATIC_CALL(grow, twice);

int measure(int scale)
{
    int plain = static_call(area, (struct box){ 2, 4 }, scale);
    int other = static_call(area, (struct box){ .height = 5, .width = ((void)scale, 5) },
                            (int)static_call(grow, 0L) + (scale ? 1 : 2));

    return plain + other;
}

int label_it(void)
{
    int parens = static_call(label, "a (,) b", '\0');
    int quote = static_call(label, "\"\\,", ',');

    return parens + quote - (static_call(label, ")", ')') ? 100 : 1);
}

void use_wide(void)
{
    static_call_update(area, wide);
}

int chained(int value)
{
    long fourfold = static_call(grow, static_call(grow, (long)value));

    return (int)fourfold + (int)static_call(grow, 1);
}
