#include <stddef.h>

#include <sc/static_call.h>

int visits;

static unsigned long multiply_down(unsigned int n);
static int even(unsigned int n);
static int odd(unsigned int n);
static int down(int n);

int fib_slow(int n);

DEFINE_STATIC_CALL(fact, multiply_down);
DEFINE_STATIC_CALL(fib, fib_slow);
DEFINE_STATIC_CALL(is_even_key, even);
DEFINE_STATIC_CALL(is_odd_key, odd);
DEFINE_STATIC_CALL(descend, down);

static unsigned long multiply_down(unsigned int n)
{
    return n < 2 ? 1 : n * static_call(fact)(n - 1);
}

int fib_slow(int n)
{
    int before;

    visits++;
    if (n < 2)
        return n;
    before = static_call(fib)(n - 2);
    return before + static_call(fib)(n - 1);
}

int fib_fast(int n)
{
    int a = 0, b = 1;

    for (visits++; n > 0; n--) {
        b += a;
        a = b - a;
    }
    return a;
}

static int even(unsigned int n)
{
    return n == 0 ? 1 : static_call(is_odd_key)(n - 1);
}

static int odd(unsigned int n)
{
    return n == 0 ? 0 : static_call(is_even_key)(n - 1);
}

struct node {
    struct node *left, *right;
};

static int tree_depth(const struct node *node);

DEFINE_STATIC_CALL(tree, tree_depth);

static int tree_depth(const struct node *node)
{
    int left, right;

    if (!node)
        return 0;
    left = static_call(tree)(node->left);
    right = static_call(tree)(node->right);
    return 1 + (left > right ? left : right);
}

static int stop_here(int n)
{
    return 1000 + n;
}

/* At 4 it sends those below it elsewhere. */
static int down(int n)
{
    if (n == 5)
        static_call_update(descend, stop_here);
    return static_call(descend)(n - 1);
}

unsigned long factorial(unsigned int n)
{
    return static_call(fact)(n);
}

int fibonacci(int n)
{
    return static_call(fib)(n);
}

int is_even(unsigned int n)
{
    return static_call(is_even_key)(n);
}

int depth(void)
{
    struct node leaf = { NULL, NULL };
    struct node inner = { &leaf, NULL };
    struct node root = { &leaf, &inner };

    return static_call(tree)(&root);
}

int half_way(int n)
{
    return static_call(descend)(n);
}
