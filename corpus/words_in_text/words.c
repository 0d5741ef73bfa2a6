/*
 * static_call(real)(x) in a comment, and DEFINE_STATIC_CALL(real, wrong);
 */
#include <sc/static_call.h>
#include <sc/static_key.h>

#ifndef static_call
# error "the headers define static_call"
#endif

// static_call_update(real, wrong); in another kind of comment

static int times(int x)
{
    return FACTOR * x;
}

DEFINE_STATIC_CALL(real, times);
DEFINE_STATIC_KEY_FALSE(fast);

#if 0
DEFINE_STATIC_CALL(never, does_not_exist);
int broken(void) { return static_call(never)(; }
#endif

/* Longer names, in another sense. */
static int my_static_call(int static_call_count)
{
    return static_call_count + 1;
}

struct options {
    int static_branch_likely_;
    int static_key_enabled_flag;
};

int work(int x)
{
#ifdef WITH_NEW_PATH
    int result = static_call(real)(x);
#else
    int result = static_call(gone)(x, static_branch_unlikely(&gone));
#endif
    struct options options = { .static_key_enabled_flag = 1 };

    if (static_branch_unlikely(&fast))
        result += my_static_call(0) * options.static_key_enabled_flag;
    return result + options.static_branch_likely_;
}

const char *text = "static_call(real)(1) // static_branch_likely(&fast)";

int describe(void)
{
    int n = 0;

    while (text[n])
        n++;
    return n + (int)sizeof("\"static_call") - (int)sizeof('(') + ('"' == '"');
}

int have_words(void)
{
    int mask = 0;

#if defined(static_call) && defined(static_call_update)
    mask |= 1;
#endif
#ifdef static_branch_likely
    mask |= 2;
#endif
#if !defined(static_call_that_is_none)
    mask |= 4;
#endif
    return mask;
}
