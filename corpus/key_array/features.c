#include <sc/static_key.h>

enum experimental { DARK, FAST, SAFE, TINY, NR_EXPERIMENTAL };
enum standard { READ, WRITE, SEEK, CLOSE, NR_STANDARD };

#define ARRAY_SIZE(a) ((int)(sizeof(a) / sizeof((a)[0])))

DEFINE_STATIC_KEY_ARRAY_FALSE(experimental, NR_EXPERIMENTAL);
DEFINE_STATIC_KEY_ARRAY_TRUE(standard, NR_STANDARD);

/* Zeroed keys are false. */
struct static_key_false routes[2][3];

unsigned int features(void)
{
    unsigned int mask = 0;

    if (static_branch_unlikely(&experimental[DARK]))
        mask |= 1u << 0;
    if (static_branch_unlikely(&experimental[FAST]))
        mask |= 1u << 1;
    if (static_branch_unlikely(&(experimental[SAFE])))
        mask |= 1u << 2;
    if (static_branch_likely(&experimental[NR_EXPERIMENTAL - 1]))
        mask |= 1u << 3;
    if (static_branch_likely(&standard[READ]))
        mask |= 1u << 4;
    if (static_branch_likely(&standard[READ + 1]))
        mask |= 1u << 5;
    if (static_branch_unlikely(&standard[SEEK]))
        mask |= 1u << 6;
    if (static_branch_likely((&standard[0x3])))
        mask |= 1u << 7;
    return mask;
}

/* The subscript is known only when it runs. */
int feature(int i)
{
    if (i < 0 || i >= NR_EXPERIMENTAL + NR_STANDARD)
        return -1;
    if (i < NR_EXPERIMENTAL) {
        if (static_branch_unlikely(&experimental[i]))
            return 1;
        return 0;
    }
    return static_branch_likely(&standard[i - NR_EXPERIMENTAL]) ? 1 : 0;
}

void all_experimental(int on)
{
    int i;

    for (i = 0; i < ARRAY_SIZE(experimental); i++) {
        if (on)
            static_branch_enable(&experimental[i]);
        else
            static_branch_disable(&experimental[i]);
    }
}

int how_many(void)
{
    int i, n = 0;

    for (i = 0; i < NR_EXPERIMENTAL; i++)
        n += static_key_enabled(&experimental[i]);
    for (i = 0; i < NR_STANDARD; i++)
        n += static_key_enabled(&standard[i]);
    return n;
}

int route(int from, int to)
{
    if (static_branch_unlikely(&routes[from][to]))
        return 1;
    return 0;
}

int fixed_routes(void)
{
    return (static_branch_unlikely(&routes[0][2]) ? 1 : 0) |
           (static_branch_unlikely(&routes[1][2]) ? 2 : 0) |
           (static_branch_unlikely(&routes[1][0]) ? 4 : 0);
}
