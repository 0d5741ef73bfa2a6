#include <stddef.h>

#include <sc/dynamic_function.h>

#define ENODEV 19

struct pair {
    int first, second;
};

int entries[3] = { 1, 10, 100 };

SC_DYNAMIC(-ENODEV)
int probe(int unit)
{
    return unit == 2 ? 1 : 0;
}

SC_DYNAMIC(NULL)
int *lookup(int index)
{
    return &entries[index];
}

/* Any expression will do, with commas in brackets too. */
SC_DYNAMIC(((void)0, 2 * 7))
static int scaled(int count)
{
    return count * 5;
}

SC_DYNAMIC(-0.5)
double half(double x)
{
    return x / 2;
}

SC_DYNAMIC(((struct pair){ 1, 2 }))
struct pair make_pair(int a, int b)
{
    return (struct pair){ .first = a * 500, .second = b * 500 };
}

SC_DYNAMIC()
static void clear(int *where)
{
    *where = 0;
}

int all_values(int n)
{
    int *entry = lookup(n);
    struct pair pair = make_pair(1, 1);
    int dirty = 1;

    clear(&dirty);
    return probe(n) + (entry ? *entry : 0) + scaled(n) + pair.first + pair.second - dirty * 4;
}

void switch_all(int on)
{
    if (on) {
        dynamic_function_enable(probe);
        dynamic_function_enable(lookup);
        dynamic_function_enable(scaled);
        dynamic_function_enable(half);
        dynamic_function_enable(make_pair);
        dynamic_function_enable(clear);
    } else {
        dynamic_function_disable(probe);
        dynamic_function_disable(lookup);
        dynamic_function_disable(scaled);
        dynamic_function_disable(half);
        dynamic_function_disable(make_pair);
        dynamic_function_disable(clear);
    }
}
