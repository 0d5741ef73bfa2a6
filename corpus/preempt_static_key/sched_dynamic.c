#include "preempt_dynamic.h"

void mode_changed(int from, int to);

DEFINE_STATIC_KEY_FALSE(sk_dynamic_cond_resched);
DEFINE_STATIC_KEY_FALSE(sk_dynamic_might_resched);
DEFINE_STATIC_KEY_TRUE(sk_dynamic_preempt_schedule);
DEFINE_STATIC_KEY_TRUE(sk_dynamic_preempt_schedule_notrace);
DEFINE_STATIC_KEY_TRUE(sk_dynamic_irqentry_exit_cond_resched);
DEFINE_STATIC_KEY_FALSE(sk_preempt_lazy);

extern unsigned int reached;
int preempt_mode = PREEMPT_MODE_FULL;

#define dynamic_enable(f)    static_branch_enable(&sk_dynamic_##f)
#define dynamic_disable(f)    static_branch_disable(&sk_dynamic_##f)
#define dynamic_set(f, on) \
	do { \
		if (on) \
			dynamic_enable(f); \
		else \
			dynamic_disable(f); \
	} while (0)

int sched_dynamic_update(int mode)
{
	int preemptible = mode == PREEMPT_MODE_FULL || mode == PREEMPT_MODE_LAZY;
	int from = preempt_mode;

	if (mode < PREEMPT_MODE_NONE || mode > PREEMPT_MODE_LAZY)
		return -22;

	dynamic_enable(cond_resched);
	dynamic_enable(might_resched);
	dynamic_enable(preempt_schedule);
	dynamic_enable(preempt_schedule_notrace);
	dynamic_enable(irqentry_exit_cond_resched);

	dynamic_set(cond_resched, !preemptible);
	dynamic_set(might_resched, mode == PREEMPT_MODE_VOLUNTARY);
	dynamic_set(preempt_schedule, preemptible);
	dynamic_set(preempt_schedule_notrace, preemptible);
	dynamic_set(irqentry_exit_cond_resched, preemptible);

	if (mode == PREEMPT_MODE_LAZY)
		static_branch_enable(&sk_preempt_lazy);
	else
		static_branch_disable(&sk_preempt_lazy);

	preempt_mode = mode;
	mode_changed(from, mode);
	return 0;
}

unsigned int exercise(void)
{
	int slept;

	reached = 0;
	slept = dynamic_might_resched();
	slept += dynamic_cond_resched();
	if (slept != !!(reached & 1) + !!(reached & 2))
		return 1000;

	dynamic_preempt_schedule();
	dynamic_preempt_schedule_notrace();
	dynamic_irqentry_exit_cond_resched();
	return reached;
}

int resched_latency(void)
{
	return static_branch_unlikely(&sk_preempt_lazy) ? 10 : 1;
}
