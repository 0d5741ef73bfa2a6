#include "preempt_dynamic.h"

void mode_changed(int from, int to);

extern unsigned int reached;
DEFINE_STATIC_KEY_FALSE(sk_preempt_lazy);
int preempt_mode = PREEMPT_MODE_FULL;

static void all_on(void)
{
	dynamic_function_enable(dynamic_cond_resched);
	dynamic_function_enable(dynamic_might_resched);
	dynamic_function_enable(dynamic_preempt_schedule);
	dynamic_function_enable(dynamic_preempt_schedule_notrace);
	dynamic_function_enable(dynamic_irqentry_exit_cond_resched);
}

static void cooperative_off(void)
{
	dynamic_function_disable(dynamic_cond_resched);
	dynamic_function_disable(dynamic_might_resched);
}

static void preemption_off(void)
{
	dynamic_function_disable(dynamic_preempt_schedule);
	dynamic_function_disable(dynamic_preempt_schedule_notrace);
	dynamic_function_disable(dynamic_irqentry_exit_cond_resched);
}

/* Functions start switched on; the mode that the kernel was built for is full. */
void boot(void)
{
	cooperative_off();
}

int sched_dynamic_update(int mode)
{
	int from = preempt_mode;

	if (mode < PREEMPT_MODE_NONE || mode > PREEMPT_MODE_LAZY)
		return -22;

	all_on();
	switch (mode) {
	case PREEMPT_MODE_NONE:
		dynamic_function_disable(dynamic_might_resched);
		/* fall through */
	case PREEMPT_MODE_VOLUNTARY:
		preemption_off();
		break;
	default:
		cooperative_off();
		break;
	}

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
	reached = 0;
	dynamic_might_resched();
	dynamic_cond_resched();
	dynamic_preempt_schedule();
	dynamic_preempt_schedule_notrace();
	dynamic_irqentry_exit_cond_resched();
	return reached;
}

int resched_latency(void)
{
	return static_branch_unlikely(&sk_preempt_lazy) ? 10 : 1;
}
