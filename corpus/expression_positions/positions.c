#include <stddef.h>

#include <sc/static_call.h>

void effect(int x);

int get_same(int x)
{
    return x;
}

int get_zero(int x)
{
    effect(x);
    return 0;
}

static const char *get_text(void)
{
    return "0123456789";
}

DEFINE_STATIC_CALL(get, get_same);
DEFINE_STATIC_CALL(text, get_text);

int conditions(int x)
{
    int result = 0;

    if (static_call(get)(x))
        result += 1;
    else
        result += 1000;
    if (x > 0 && static_call(get)(x) == 3)
        result += 10;
    if (!static_call(get)(0) && (static_call(get)(x) || x < 0) && !!static_call(get)(1))
        result += 100;
    return result;
}

int headers(int n)
{
    int i, sum = 0;

    for (i = static_call(get)(0); i < static_call(get)(n); i += 1 + static_call(get)(0))
        sum += i;
    while (static_call(get)(n--) > 1)
        sum++;
    do
        sum++;
    while (static_call(get)(n) > 1);
    switch (static_call(get)(sum)) {
    case 6:
        return sum;
    case 0:
        return 0;
    default:
        return -sum;
    }
}

int operands(int x)
{
    int numbers[] = { 2, 4, 8, 16 };
    unsigned char narrow = (unsigned char)static_call(get)(x + 256);
    int comma = (effect(x), static_call(get)(x));
    int element = numbers[static_call(get)(x)];
    int digit = static_call(text)()[x] - '0';
    int chosen = static_call(get)(x) ? element : static_call(get)(x + 1);
    int size = sizeof(static_call(get)(x)) == sizeof(int);

    chosen += -static_call(get)(x);
    chosen <<= static_call(get)(1);
    numbers[static_call(get)(1)] += 100;
    *(static_call(get)(2) + numbers) *= 10;
    return narrow + comma + element + digit + chosen + size +
           numbers[0] + numbers[1] + numbers[2];
}

struct shape {
    int sides;
    struct {
        int length, width;
    } size;
};

static int total(const struct shape *shape)
{
    return shape->sides + shape->size.length * shape->size.width;
}

int initializers(int x)
{
    struct shape shape = {
        .sides = static_call(get)(x) + 1,
        .size = { static_call(get)(x), .width = static_call(get)(x) },
    };
    int list[2] = { [1] = static_call(get)(x) };

    return total(&shape) + total(&(struct shape){ .sides = static_call(get)(list[1]) }) +
           (shape.sides == 1 ? 4 : 0);
}

int statements(int x)
{
    int n = 0;

    static_call(get)(x);
    (void)static_call(get)(x);
    if (x)
again:
        n += static_call(get)(x), n += 1;
    if (n < 4 && static_call(get)(1))
        goto again;

    switch (x)
    case 1:
        n += static_call(get)(2 * n);
    n = static_call(get)(n) ?: 100;
    return n;
}
