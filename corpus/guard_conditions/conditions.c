#include <sc/static_key.h>

int probe(int x);

DEFINE_STATIC_KEY_FALSE(alpha);
DEFINE_STATIC_KEY_TRUE(beta);

int compound(int x)
{
    int result = 0;

    if (x > 0 && static_branch_unlikely(&alpha) && x < 10)
        result += 1;
    if (!static_branch_likely(&beta) && !(x < 0 || (static_branch_unlikely(&alpha) && probe(x))))
        result += 2;
    if ((static_branch_unlikely(&alpha) && !static_branch_likely(&beta)) || probe(x) == 1)
        result += 10;
    if (static_branch_likely(&beta) || static_branch_unlikely(&alpha))
        if (x > 0)
            result += 100;
    return result;
}

int loops(int n)
{
    int i, sum = 0;

    for (i = 0; static_branch_likely(&beta) && i < n; i++)
        sum += 10;

    while (static_branch_unlikely(&alpha) || i < n) {
        if (++i > n)
            break;
        sum += 2;
    }

    do {
        sum++;
    } while (!static_branch_unlikely(&alpha) && --n > 0);

    switch ((int)static_branch_unlikely(&alpha)) {
    case 1:
        sum += 13;
        break;
    case 0:
        break;
    }
    return sum;
}

static int as_value(void)
{
    return static_branch_unlikely(&alpha);
}

int values(int x)
{
    int on = static_branch_likely(&beta);
    _Bool both = on && static_branch_unlikely(&alpha);
    int picked = static_branch_unlikely(&alpha) ? x - 2 : static_branch_likely(&beta) ? 21 : 20;

    if (both)
        picked += 100 * as_value();
    return picked;
}
