#include "trace.h"

void console(int pid, int cpu, int success);

int seen_total;
int seen_histogram[4];

static void count_all(void *data, const struct task *task, int success)
{
	int *total = data;

	(void)task;
	*total += success;
}

static void count_by_cpu(void *data, const struct task *task, int success)
{
	int *histogram = data;

	if (success)
		histogram[task->cpu & 3]++;
}

static void print_it(void *data, const struct task *task, int success)
{
	(void)data;
	console(task->pid, task->cpu, success);
}

int wake_up(int pid, int cpu)
{
	struct task task = { .pid = pid, .cpu = cpu };

	trace_wakeup(&task, pid != 8);
	return pid != 8;
}

void listen_total(void)
{
	trace_register(count_all, &seen_total);
}

int listen_histogram(void)
{
	return trace_register(count_by_cpu, seen_histogram);
}

void listen_console(void)
{
	trace_register(print_it, 0);
}

void unlisten_total(void)
{
	trace_unregister(count_all);
}

void unlisten_histogram(void)
{
	trace_unregister(count_by_cpu);
}

int unlisten_console(void)
{
	return trace_unregister(print_it);
}
