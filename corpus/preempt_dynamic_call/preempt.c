#include "preempt_dynamic.h"

void context_switch(int why);

struct task {
	int need_resched;
	int preempt_count;
};

struct task init_task = { .need_resched = 1 };
struct task *current_task = &init_task;
unsigned int reached;

static int schedule_common(int why)
{
	struct task *task = current_task;

	if (!task->need_resched || task->preempt_count)
		return 0;
	reached |= 1u << why;
	task->preempt_count++;
	context_switch(why);
	task->preempt_count--;
	return 1;
}

SC_DYNAMIC(0)
int dynamic_cond_resched(void)
{
	return schedule_common(0);
}

SC_DYNAMIC(0) int dynamic_might_resched(void)
{
	return schedule_common(1);
}

SC_DYNAMIC()
void dynamic_preempt_schedule(void)
{
	schedule_common(2);
}

SC_DYNAMIC() void dynamic_preempt_schedule_notrace(void)
{
	if (current_task->need_resched)
		schedule_common(3);
}

SC_DYNAMIC()
void dynamic_irqentry_exit_cond_resched(void)
{
	if (!current_task->preempt_count)
		schedule_common(4);
}
