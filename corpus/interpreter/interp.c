#include <stddef.h>

#include <sc/sc.h>

enum op { PUSH, ADD, MUL, DIV, DUP, SWAP, DEC, JNZ, HOST, HALT };

void trace(int pc, int op, long top);

unsigned long executed;

DEFINE_STATIC_KEY_FALSE(tracing);
DEFINE_STATIC_KEY_FALSE(counting);

static long host_square(long x)
{
    return x * x;
}

long raise_error(long dividend)
{
    (void)dividend;
    return 0;
}

long saturate(long dividend)
{
    return dividend < 0 ? -32768 : 32767;
}

DEFINE_STATIC_CALL(host, host_square);
DEFINE_STATIC_CALL(on_zero_division, raise_error);

static const short programs[][16] = {
    { PUSH, 6, PUSH, 7, MUL, HALT },
    /* sum = 0; n = 10; do sum += n; while (--n); */
    { PUSH, 0, PUSH, 10, DUP, HOST, SWAP, DEC, JNZ, 4, HALT },
    { PUSH, 5, PUSH, 0, DIV, HALT },
    { PUSH, 3, HOST, HALT },
};

static long run(const short *code)
{
    long stack[8], *top = stack, tmp;
    int pc = 0;

    *top = 0;
    for (;;) {
        int op = code[pc++];

        if (static_branch_unlikely(&tracing))
            trace(pc - 1, op, *top);
        if (static_branch_unlikely(&counting))
            executed++;

        switch ((enum op)op) {
        case PUSH:
            *++top = code[pc++];
            break;
        case ADD:
            top--;
            top[0] += top[1];
            break;
        case MUL:
            top--;
            top[0] *= top[1];
            break;
        case DIV:
            top--;
            if (top[1] == 0)
                top[0] = static_call(on_zero_division)(top[0]);
            else
                top[0] /= top[1];
            break;
        case DUP:
            top[1] = top[0];
            top++;
            break;
        case SWAP:
            tmp = top[-1];
            top[-1] = top[0];
            top[0] = tmp;
            break;
        case DEC:
            top[0]--;
            break;
        case JNZ:
            pc = top[0] ? code[pc] : pc + 1;
            break;
        case HOST:
            top[0] = static_call(host)(top[0]);
            break;
        case HALT:
            return top[0];
        }
    }
}

/* Sums in a loop, the other way to run code: threaded by hand. */
static long sum_to(long n)
{
    long sum = 0;

    do {
        if (static_branch_unlikely(&counting))
            executed += 10;
        sum += n;
    } while (--n);
    return sum;
}

long eval(int program)
{
    return program == 1 ? sum_to(10) : run(programs[program]);
}

void profile(int on)
{
    if (on)
        static_branch_inc(&counting);
    else
        static_branch_dec(&counting);
}
