#ifndef PREEMPT_DYNAMIC_H
#define PREEMPT_DYNAMIC_H

#include <sc/dynamic_function.h>
#include <sc/static_key.h>

enum preempt_mode {
	PREEMPT_MODE_NONE,
	PREEMPT_MODE_VOLUNTARY,
	PREEMPT_MODE_FULL,
	PREEMPT_MODE_LAZY,
};

DECLARE_STATIC_KEY_FALSE(sk_preempt_lazy);

int dynamic_cond_resched(void);
int dynamic_might_resched(void);
void dynamic_preempt_schedule(void);
void dynamic_preempt_schedule_notrace(void);
void dynamic_irqentry_exit_cond_resched(void);

#endif
