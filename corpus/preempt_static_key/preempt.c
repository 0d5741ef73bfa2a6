#include "preempt_dynamic.h"

void context_switch(int why);

int preempt_count;
int need_resched = 1;
unsigned int reached;

static int voluntary_switch(unsigned int bit)
{
	if (preempt_count || !need_resched)
		return 0;
	reached |= bit;
	context_switch(1);
	return 1;
}

int dynamic_cond_resched(void)
{
	if (!static_branch_unlikely(&sk_dynamic_cond_resched))
		return 0;
	return voluntary_switch(1u << 0);
}

int dynamic_might_resched(void)
{
	if (!static_branch_unlikely(&sk_dynamic_might_resched))
		return 0;
	return voluntary_switch(1u << 1);
}

void dynamic_preempt_schedule(void)
{
	if (!static_branch_unlikely(&sk_dynamic_preempt_schedule))
		return;
	reached |= 1u << 2;
	context_switch(2);
}

void dynamic_preempt_schedule_notrace(void)
{
	if (!static_branch_unlikely(&sk_dynamic_preempt_schedule_notrace))
		return;
	reached |= 1u << 3;
	context_switch(3);
}

void dynamic_irqentry_exit_cond_resched(void)
{
	if (!static_branch_unlikely(&sk_dynamic_irqentry_exit_cond_resched))
		return;
	reached |= 1u << 4;
	if (!preempt_count)
		context_switch(4);
}
