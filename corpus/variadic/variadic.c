#include <stdarg.h>
#include <stddef.h>

#include <sc/static_call.h>

void emit(char kind, long value);
void emit_text(const char *text);

static int print(const char *format, ...)
{
    va_list args;
    int n = 0;

    va_start(args, format);
    for (; *format; format++) {
        switch (*format) {
        case 'i':
            emit('i', va_arg(args, int));
            n++;
            break;
        case 'd':
            emit('d', (long)(va_arg(args, double) * 4));
            n++;
            break;
        case 's':
            emit_text(va_arg(args, const char *));
            n++;
            break;
        }
    }
    va_end(args);
    return n;
}

static int quiet(const char *format, ...)
{
    (void)format;
    return 0;
}

/* Ends at a NULL format; each letter says what follows. */
long sum(const char *kinds, ...)
{
    va_list args;
    long total = 0;

    va_start(args, kinds);
    for (; *kinds; kinds++)
        total += *kinds == 'd' ? (long)va_arg(args, double) : va_arg(args, long);
    va_end(args);
    return total;
}

long product(const char *kinds, ...)
{
    va_list args;
    long total = 1;

    va_start(args, kinds);
    for (; *kinds; kinds++)
        total *= *kinds == 'd' ? (long)va_arg(args, double) : va_arg(args, long);
    va_end(args);
    return total;
}

DEFINE_STATIC_CALL(console, print);
DEFINE_STATIC_CALL(collect, sum);

int report(int id)
{
    return static_call(console)("i: d s\n", id, 2.25, "text");
}

long sum_of_four(void)
{
    return static_call(collect)("llll", 1L, 2L, 3L, 4L);
}

/* More than fit into registers. */
long sum_mixed(void)
{
    return static_call(collect)("dldldldldldldld", 1.0, 1L, 1.5, 1L, 1.0, 1L, 1.0, 1L,
                                1.0, 1L, 1.0, 1L, 1.0, -1L, 2.0);
}

long sum_none(void)
{
    return static_call(collect)("");
}

void be_quiet(int yes)
{
    if (yes)
        static_call_update(console, quiet);
    else
        static_call_update(console, print);
}
