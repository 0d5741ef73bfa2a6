#include "preempt_dynamic.h"

/* Whoever runs next is not our business: an undefined function. */
void context_switch(int why);

int need_resched = 1;
unsigned int reached;

enum { WHY_VOLUNTARY = 1, WHY_PREEMPT, WHY_NOTRACE, WHY_IRQ };

int __cond_resched(void)
{
	if (!need_resched)
		return 0;
	reached |= 1u << 0;
	context_switch(WHY_VOLUNTARY);
	return 1;
}

void __preempt_schedule(void)
{
	reached |= 1u << 2;
	context_switch(WHY_PREEMPT);
}

void __preempt_schedule_notrace(void)
{
	reached |= 1u << 3;
	context_switch(WHY_NOTRACE);
}

void raw_irqentry_exit_cond_resched(void)
{
	reached |= 1u << 4;
	if (need_resched)
		context_switch(WHY_IRQ);
}

/* Which of the five did something? Bit 1 is might_resched(). */
unsigned int exercise(void)
{
	unsigned int mask;

	reached = 0;
	might_resched();
	mask = reached << 1;

	reached = 0;
	if (cond_resched())
		mask |= reached;
	preempt_schedule();
	preempt_schedule_notrace();
	irqentry_exit_cond_resched();
	return mask | reached;
}

/* A tick: with lazy preemption the task may go on until it returns. */
int resched_latency(void)
{
	if (static_branch_unlikely(&sk_preempt_lazy))
		return 10;
	return 1;
}
