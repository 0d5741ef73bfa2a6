#include <sc/static_call.h>

void written(const char *what, int value);

/* A key, its function and its callers, all from one line. */
#define EVENT(name)								\
	void name##_default(int value);						\
	void name##_default(int value)						\
	{									\
		written(#name, value);						\
	}									\
	DEFINE_STATIC_CALL(name, name##_default);				\
	void trace_##name(int value);						\
	void trace_##name(int value)						\
	{									\
		static_call(name)(value);					\
	}									\
	int name##_twice(int value);						\
	int name##_twice(int value)						\
	{									\
		static_call(name)(value);					\
		static_call(name)(value + 1);					\
		return value + 2;						\
	}

EVENT(opened)
EVENT(closed)
