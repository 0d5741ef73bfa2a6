#ifndef TRACEPOINT_H
#define TRACEPOINT_H

#include <sc/sc.h>

#define TP_PROTO(args...) args
#define TP_ARGS(args...) args

#define DECLARE_TRACE(name, proto, args) \
	void __tp_default_##name(proto); \
	DECLARE_STATIC_CALL(tp_func_##name, __tp_default_##name); \
	DECLARE_STATIC_KEY_FALSE(__tp_key_##name); \
	static inline void trace_##name(proto) \
	{ \
		if (static_branch_unlikely(&__tp_key_##name)) \
			static_call(tp_func_##name)(args); \
	} \
	static inline int trace_##name##_enabled(void) \
	{ \
		return static_key_enabled(&__tp_key_##name); \
	} \
	static inline void trace_##name##_on(void (*probe)(proto)) \
	{ \
		static_call_update(tp_func_##name, probe); \
		static_branch_enable(&__tp_key_##name); \
	} \
	struct __tp_end_of_##name

#define DEFINE_TRACE(name) \
	DEFINE_STATIC_CALL(tp_func_##name, __tp_default_##name); \
	DEFINE_STATIC_KEY_FALSE(__tp_key_##name)

DECLARE_TRACE(irq, TP_PROTO(int line), TP_ARGS(line));
DECLARE_TRACE(bytes, TP_PROTO(const char *dev, unsigned long n), TP_ARGS(dev, n));
DECLARE_TRACE(reset, TP_PROTO(void), TP_ARGS());

#endif
