/* A log whose levels are static keys: a level that is off is a NOP at each message. */
#ifndef LOG_H
#define LOG_H

#include <sc/static_key.h>

enum level { ERROR, INFO, DEBUG };

DECLARE_STATIC_KEY_TRUE(log_error_on);
DECLARE_STATIC_KEY_FALSE(log_info_on);
DECLARE_STATIC_KEY_FALSE(log_debug_on);

#define log_error(...) do { if (static_branch_likely(&log_error_on)) log_write(ERROR, __VA_ARGS__); } while (0)
#define log_info(...) do { if (static_branch_unlikely(&log_info_on)) log_write(INFO, __VA_ARGS__); } while (0)
#define log_debug(...) do { if (static_branch_unlikely(&log_debug_on)) log_write(DEBUG, __VA_ARGS__); } while (0)

void log_write(enum level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_set_level(enum level level);

#endif
