#include <sc/static_call.h>

struct point {              /* 8 bytes */
    int x, y;
};

struct quotient {           /* 16 bytes */
    long quot, rem;
};

struct complex_number {     /* 16 bytes, floating */
    double re, im;
};

struct mixed {              /* 16 bytes, an integer and a double */
    long count;
    double weight;
};

struct byte {
    unsigned char value;
};

static struct point keep(struct point p)
{
    return p;
}

static struct point swap(struct point p)
{
    return (struct point){ .x = p.y, .y = p.x };
}

static struct quotient by_five(long n)
{
    return (struct quotient){ n / 5, n % 5 };
}

static struct quotient by_three(long n)
{
    return (struct quotient){ n / 3, n % 3 + 1 };
}

static struct complex_number turn_left(struct complex_number z, float factor)
{
    return (struct complex_number){ -z.im * factor, z.re * factor };
}

static struct complex_number turn_right(struct complex_number z, float factor)
{
    return (struct complex_number){ z.im * factor, -z.re * factor };
}

static struct mixed weigh(struct byte byte, struct mixed m)
{
    m.count += byte.value;
    m.weight *= 2;
    return m;
}

static struct mixed forget(struct byte byte, struct mixed m)
{
    m.count = byte.value;
    m.weight = 0;
    return m;
}

DEFINE_STATIC_CALL(transform, keep);
DEFINE_STATIC_CALL(divide, by_five);
DEFINE_STATIC_CALL(turn, turn_left);
DEFINE_STATIC_CALL(scale, weigh);

int move_point(int x, int y)
{
    struct point p = static_call(transform)((struct point){ x, y });

    return 100 * p.x + p.y;
}

int split(long n)
{
    struct quotient q = static_call(divide)(n);

    return (int)(100 * q.quot + q.rem);
}

int polar(int n)
{
    struct complex_number z = { n, -2 };

    z = static_call(turn)(z, 2.0f);
    return (int)(10 * z.re + z.im);
}

int pair_up(int n)
{
    struct mixed m = { .count = 50, .weight = 0.5 };

    m = static_call(scale)((struct byte){ (unsigned char)n }, m);
    return (int)(m.count + 2 * static_call(scale)((struct byte){ 0 }, m).weight);
}

void switch_over(void)
{
    static_call_update(transform, swap);
    static_call_update(divide, by_three);
    static_call_update(turn, turn_right);
    static_call_update(scale, forget);
}
