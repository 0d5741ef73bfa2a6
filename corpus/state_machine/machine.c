#include <stddef.h>

#include <sc/static_call.h>

enum event { NOTHING, CONNECT, ACCEPTED, DATA, CLOSE, RESET };

enum event next_event(void);
void action(const char *what);

int bytes;

static int idle(enum event event);
static int connecting(enum event event);
static int open_(enum event event);

DEFINE_STATIC_CALL(state, idle);

/* What happens on the way into a state. */
static void dial(void)
{
    action("dial");
}

static void greet(void)
{
    action("greet");
}

static void hang_up(void)
{
    action("hang up");
}

DEFINE_STATIC_CALL_NULL(enter_idle, hang_up);
DEFINE_STATIC_CALL(enter_connecting, dial);
DEFINE_STATIC_CALL(enter_open, greet);

#define GO(to, target) \
    do { \
        static_call_update(state, target); \
        static_call_cond(enter_##to)(); \
    } while (0)

static int idle(enum event event)
{
    if (event != CONNECT)
        return event == NOTHING ? -1 : 0;
    GO(connecting, connecting);
    return 1;
}

static int connecting(enum event event)
{
    switch (event) {
    case ACCEPTED:
        /* From now on a return to idle is worth a word. */
        static_call_update(enter_idle, hang_up);
        GO(open, open_);
        return 1;
    case NOTHING:
        return -1;
    case CLOSE:
    case RESET:
        GO(idle, idle);
        return 1;
    default:
        return 0;
    }
}

static int open_(enum event event)
{
    switch (event) {
    case DATA:
        bytes += 100;
        return 1;
    case NOTHING:
        return -1;
    case CLOSE:
        GO(idle, idle);
        return 1;
    default:
        return 0;
    }
}

/* Until there is nothing more; how many events were handled? */
int run(void)
{
    int handled, total = 0;

    while ((handled = static_call(state)(next_event())) >= 0)
        total += handled;
    return total;
}

char state_name(void)
{
    if (static_call_query(state) == idle)
        return 'i';
    return static_call_query(state) == open_ ? 'o' : 'c';
}
