#ifndef TRACE_H
#define TRACE_H

#include <sc/static_call.h>
#include <sc/static_key.h>

struct task {
	int pid;
	int cpu;
};

typedef void wakeup_probe(void *data, const struct task *task, int success);

wakeup_probe trace_wakeup_iterator;
DECLARE_STATIC_CALL(tp_wakeup, trace_wakeup_iterator);
DECLARE_STATIC_KEY_FALSE(tp_wakeup_enabled);

extern void *tp_wakeup_data;

static inline void trace_wakeup(const struct task *task, int success)
{
	if (static_branch_unlikely(&tp_wakeup_enabled))
		static_call(tp_wakeup)(tp_wakeup_data, task, success);
}

int trace_register(wakeup_probe *probe, void *data);
int trace_unregister(wakeup_probe *probe);

#endif
