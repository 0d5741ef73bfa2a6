#ifndef LOG_H
#define LOG_H

#include <stdio.h>
#include <sc/static_call.h>
#include <sc/static_key.h>

enum { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_LEVELS };

int log_to_file(const char *format, ...) __attribute__((format(printf, 1, 2)));

DECLARE_STATIC_CALL(log_sink, log_to_file);
DECLARE_STATIC_KEY_ARRAY_FALSE(log_enabled, LOG_LEVELS);

#define LOG(level, ...) \
    do { \
        if (static_branch_unlikely(&log_enabled[level])) \
            static_call(log_sink)(__VA_ARGS__); \
    } while (0)

void log_set_level(int level);

#endif
