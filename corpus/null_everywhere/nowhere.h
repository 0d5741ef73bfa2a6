#include <stdbool.h>
#include <stddef.h>

#include <sc/static_call.h>

/* A key that a macro of a header defines: what it returns is not told to the runtime. */
#define HOOK(type, name, value)							\
	type name##_function(int n);						\
	type name##_function(int n)						\
	{									\
		called(#name, n);						\
		return value;							\
	}									\
	DEFINE_STATIC_CALL_NULL(name, name##_function)

/* All ways to call it. */
#define CALLS(type, name)							\
	void name##_ignored(int n);						\
	void name##_ignored(int n)						\
	{									\
		static_call(name)(n);						\
		static_call(name)(n + 1);					\
	}									\
	type name##_returned(int n);						\
	type name##_returned(int n)						\
	{									\
		return static_call(name)(n);					\
	}

void called(const char *what, int n);
