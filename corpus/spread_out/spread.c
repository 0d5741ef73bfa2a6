#include <sc/static_call.h>
#include <sc/static_key.h>

static int digits(int a, int b, int c) { return a * 100 + b * 10 + c; }
static int sum(int a, int b, int c) { return a + b + c; }

DEFINE_STATIC_CALL(
    combine,    /* the key */
    digits      /* what it starts at */
);

static DEFINE_STATIC_KEY_FALSE /* not yet */ (unused_so_far);
DEFINE_STATIC_KEY_FALSE(
    slow_path);

int wide(int a, int b, int c)
{
    return static_call(combine)(a,      /* hundreds */
                                b,      // tens, with a ) bracket
                                c       /* ones, "and a quote */
                               );
}

int commented(int x)
{
    if (static_branch_unlikely  /* (never?) */
        (
            &slow_path  // on a slow machine
        ))
        return static_branch_unlikely( & unused_so_far ) ? 1 : 0;

    return
        static_call
        (
            combine
        )
        (
            x,
            x, /*
                * A comment over lines, with an idiom
                * in it: static_call(combine)(1, 2, 3)
                */
            x
        );
}

int change(void)
{
    return static_\
call_update(combine,
#ifdef DIGITS
                              digits
#else
                              sum
#endif
                              );
}
