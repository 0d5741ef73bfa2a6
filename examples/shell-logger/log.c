#include "log.h"

#include <stdarg.h>
#include <stdio.h>

DEFINE_STATIC_KEY_TRUE(log_error_on);
DEFINE_STATIC_KEY_FALSE(log_info_on);
DEFINE_STATIC_KEY_FALSE(log_debug_on);

void log_write(enum level level, const char *format, ...)
{
	static const char *const names[] = { "error", "info", "debug" };
	va_list values;

	va_start(values, format);
	printf("%s: ", names[level]);
	vprintf(format, values);
	printf("\n");
	va_end(values);
}

void log_set_level(enum level level)
{
	if (level >= INFO)
		static_branch_enable(&log_info_on);
	else
		static_branch_disable(&log_info_on);
	if (level >= DEBUG)
		static_branch_enable(&log_debug_on);
	else
		static_branch_disable(&log_debug_on);
}
