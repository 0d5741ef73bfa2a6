#include <stdbool.h>
#include <stdint.h>

#include <sc/static_call.h>

typedef int handler_fn(int signal);
typedef handler_fn *handler_ptr;
typedef enum { RED, GREEN, BLUE } color_t;
typedef color_t color_fn(color_t color);
typedef uint8_t small_t;

/* Only the type matters: nothing of this name exists. */
extern handler_fn no_such_handler;

DEFINE_STATIC_CALL_NULL(on_signal, handler_fn);
DECLARE_STATIC_CALL(on_hangup, no_such_handler);
DEFINE_STATIC_CALL_RET0(on_hangup, no_such_handler);

static handler_fn count_signal;

static int count_signal(int signal)
{
    static int seen;

    seen += signal;
    return seen;
}

bool allow(int uid)
{
    return uid == 3;
}

bool deny(int uid)
{
    return uid < 0;
}

static color_t next_color(color_t color)
{
    return color == BLUE ? RED : color + 1;
}

static small_t add_one(const small_t value)
{
    return (small_t)(value + 1);
}

DEFINE_STATIC_CALL(allowed, allow);
DEFINE_STATIC_CALL(recolor, (next_color));
DEFINE_STATIC_CALL(narrow, add_one);

int handle(int signal)
{
    int handled = static_call(on_signal)(signal);

    return handled + static_call(on_hangup)(signal);
}

void install(void)
{
    handler_ptr handler = count_signal;

    static_call_update(on_signal, handler);
}

bool is_allowed(int uid)
{
    return static_call(allowed)(uid);
}

int shade(int color)
{
    color_t next = static_call(recolor)((color_t)color);

    return (int)next;
}

int call_first(int x)
{
    __typeof__(static_call_query(narrow)) first = static_call_query(narrow);

    return first == add_one ? static_call(narrow)((small_t)x) : -1;
}
