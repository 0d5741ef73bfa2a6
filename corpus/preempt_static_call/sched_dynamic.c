#include <stddef.h>

#include "preempt_dynamic.h"

void mode_changed(int from, int to);

/* A kernel is built as fully preemptible, and made less so at run time. */
DEFINE_STATIC_CALL_RET0(cond_resched, __cond_resched);
DEFINE_STATIC_CALL_RET0(might_resched, __cond_resched);
DEFINE_STATIC_CALL(preempt_schedule, __preempt_schedule);
DEFINE_STATIC_CALL(preempt_schedule_notrace, __preempt_schedule_notrace);
DEFINE_STATIC_CALL(irqentry_exit_cond_resched, raw_irqentry_exit_cond_resched);
DEFINE_STATIC_KEY_FALSE(sk_preempt_lazy);

int preempt_mode = PREEMPT_MODE_FULL;

#define RETURN_ZERO ((void *)&__static_call_return0)

#define switch_on(name, func)    static_call_update(name, func)
#define switch_off(name, nothing)    static_call_update(name, nothing)

static void everything_on(void)
{
	switch_on(cond_resched, __cond_resched);
	switch_on(might_resched, __cond_resched);
	switch_on(preempt_schedule, __preempt_schedule);
	switch_on(preempt_schedule_notrace, __preempt_schedule_notrace);
	switch_on(irqentry_exit_cond_resched, raw_irqentry_exit_cond_resched);
}

static void preemption_off(void)
{
	switch_off(preempt_schedule, NULL);
	switch_off(preempt_schedule_notrace, NULL);
	switch_off(irqentry_exit_cond_resched, NULL);
}

/*
 * First everything is switched on, so that no task is left without any
 * point at which it can be preempted while the mode changes.
 */
int sched_dynamic_update(int mode)
{
	int from = preempt_mode;

	if (mode < PREEMPT_MODE_NONE || mode > PREEMPT_MODE_LAZY)
		return -22;

	everything_on();

	switch (mode) {
	case PREEMPT_MODE_NONE:
		switch_off(might_resched, RETURN_ZERO);
		preemption_off();
		break;
	case PREEMPT_MODE_VOLUNTARY:
		preemption_off();
		break;
	case PREEMPT_MODE_FULL:
	case PREEMPT_MODE_LAZY:
		switch_off(cond_resched, RETURN_ZERO);
		switch_off(might_resched, RETURN_ZERO);
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
