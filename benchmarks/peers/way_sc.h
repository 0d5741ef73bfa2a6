#include <sc/static_call.h>

#define WAY_DECLARE DECLARE_STATIC_CALL(key, target_a)
#define WAY_DEFINE DEFINE_STATIC_CALL(key, FIRST)
#define WAY_CALL(value) static_call(key)(value)
#define WAY_CHOOSE(second) \
	(static_call_update(key, (second) ? SECOND_POINTER : FIRST) ? -1 : 0)
