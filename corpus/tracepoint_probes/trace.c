#include <stddef.h>

#include "trace.h"

#define MAX_PROBES 3

struct probe {
	wakeup_probe *func;
	void *data;
};

static struct probe probes[MAX_PROBES];
static int nr_probes;

void *tp_wakeup_data;

DEFINE_STATIC_CALL(tp_wakeup, trace_wakeup_iterator);
DEFINE_STATIC_KEY_FALSE(tp_wakeup_enabled);

/* Many probes: ignores the data that it is given and takes that of each. */
void trace_wakeup_iterator(void *data, const struct task *task, int success)
{
	int i;

	(void)data;
	for (i = 0; i < nr_probes; i++)
		probes[i].func(probes[i].data, task, success);
}

static void point_key(void)
{
	if (nr_probes == 1) {
		tp_wakeup_data = probes[0].data;
		static_call_update(tp_wakeup, probes[0].func);
	} else {
		static_call_update(tp_wakeup, trace_wakeup_iterator);
		tp_wakeup_data = NULL;
	}
}

int trace_register(wakeup_probe *probe, void *data)
{
	if (nr_probes == MAX_PROBES)
		return -1;
	probes[nr_probes].func = probe;
	probes[nr_probes].data = data;
	nr_probes++;
	point_key();
	static_branch_inc(&tp_wakeup_enabled);
	return 0;
}

int trace_unregister(wakeup_probe *probe)
{
	int i;

	for (i = 0; i < nr_probes; i++) {
		if (probes[i].func != probe)
			continue;
		static_branch_dec(&tp_wakeup_enabled);
		nr_probes--;
		for (; i < nr_probes; i++)
			probes[i] = probes[i + 1];
		point_key();
		return 0;
	}
	return -1;
}

int probe_count(void)
{
	return static_key_count(&tp_wakeup_enabled.key);
}

int goes_direct(void)
{
	return static_call_query(tp_wakeup) != trace_wakeup_iterator;
}
