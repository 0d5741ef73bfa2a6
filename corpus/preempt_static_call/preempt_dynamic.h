#ifndef PREEMPT_DYNAMIC_H
#define PREEMPT_DYNAMIC_H

#include <sc/static_call.h>
#include <sc/static_key.h>

enum preempt_mode {
	PREEMPT_MODE_NONE,
	PREEMPT_MODE_VOLUNTARY,
	PREEMPT_MODE_FULL,
	PREEMPT_MODE_LAZY,
};

int __cond_resched(void);
void __preempt_schedule(void);
void __preempt_schedule_notrace(void);
void raw_irqentry_exit_cond_resched(void);

DECLARE_STATIC_CALL(cond_resched, __cond_resched);
DECLARE_STATIC_CALL(might_resched, __cond_resched);
DECLARE_STATIC_CALL(preempt_schedule, __preempt_schedule);
DECLARE_STATIC_CALL(preempt_schedule_notrace, __preempt_schedule_notrace);
DECLARE_STATIC_CALL(irqentry_exit_cond_resched, raw_irqentry_exit_cond_resched);

DECLARE_STATIC_KEY_FALSE(sk_preempt_lazy);

static inline int cond_resched(void)
{
	return static_call(cond_resched)();
}

static inline void might_resched(void)
{
	static_call(might_resched)();
}

static inline void preempt_schedule(void)
{
	static_call_cond(preempt_schedule)();
}

static inline void preempt_schedule_notrace(void)
{
	static_call_cond(preempt_schedule_notrace)();
}

static inline void irqentry_exit_cond_resched(void)
{
	static_call_cond(irqentry_exit_cond_resched)();
}

#endif
