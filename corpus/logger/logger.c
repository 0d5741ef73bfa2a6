#include <stdarg.h>

#include "log.h"

int log_lines;
static FILE *log_file;

int log_to_file(const char *format, ...)
{
    va_list args;
    int n;

    if (!log_file)
        log_file = stderr;
    va_start(args, format);
    n = vfprintf(log_file, format, args);
    va_end(args);
    return n;
}

/* Counts lines, weighted by their first two arguments where there are any. */
static int count_line(const char *format, ...)
{
    va_list args;

    log_lines++;
    va_start(args, format);
    for (; *format; format++) {
        if (format[0] != '%')
            continue;
        if (format[1] == 'd')
            log_lines += 10 * va_arg(args, int);
        else if (format[1] == 's')
            log_lines += 1000 * (va_arg(args, const char *)[0] != '\0');
        else if (format[1] == 'l')
            log_lines += (int)(100 * va_arg(args, long));
    }
    va_end(args);
    return 0;
}

DEFINE_STATIC_CALL(log_sink, log_to_file);
DEFINE_STATIC_KEY_ARRAY_FALSE(log_enabled, LOG_LEVELS);

void log_set_level(int level)
{
    int i;

    for (i = 0; i < LOG_LEVELS; i++) {
        if (i <= level)
            static_branch_enable(&log_enabled[i]);
        else
            static_branch_disable(&log_enabled[i]);
    }
}

void log_to_memory(int yes)
{
    static_call_update(log_sink, yes ? count_line : log_to_file);
}
