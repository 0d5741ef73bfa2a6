#include <stddef.h>
#include <stdint.h>

#include <sc/static_call.h>

struct event {
	int idx;
	int64_t period;
};

struct pmu {
	const char *name;
	int (*handle_irq)(int status);
	void (*enable)(struct event *event);
	void (*drain)(void);
	int64_t (*limit_period)(struct event *event, int64_t left);
	uint64_t (*update)(struct event *event);
	int (*guest_state)(void);
};

/* The hardware. */
void write_msr(int msr, int value);
uint64_t counter_value[4] = { 0, 11, 22, 33 };

static struct pmu x_pmu;

/* No driver yet: the operands only say what the functions look like. */
DEFINE_STATIC_CALL_RET0(x_pmu_handle_irq, *x_pmu.handle_irq);
DEFINE_STATIC_CALL_NULL(x_pmu_enable, *x_pmu.enable);
DEFINE_STATIC_CALL_NULL(x_pmu_drain, *x_pmu.drain);
DEFINE_STATIC_CALL_NULL(x_pmu_limit_period, *x_pmu.limit_period);
DEFINE_STATIC_CALL_NULL(x_pmu_update, *x_pmu.update);
DEFINE_STATIC_CALL_RET0(x_pmu_guest_state, *(((struct pmu *)0)->guest_state));

static int small_irq(int status)
{
	write_msr(1, status);
	return 1;
}

static void small_enable(struct event *event)
{
	write_msr(2, event->idx);
}

static uint64_t small_update(struct event *event)
{
	return ++counter_value[event->idx & 3];
}

static int big_irq(int status)
{
	int handled = 0;

	for (; status; status &= status - 1)
		handled++;
	return handled;
}

static void big_enable(struct event *event)
{
	write_msr(0x38f, 1 << event->idx);
}

static void big_drain(void)
{
	write_msr(0x600, 0);
}

static int64_t big_limit(struct event *event, int64_t left)
{
	return left & ~(event->period > 64 ? 63 : 0);
}

static int big_guest(void)
{
	return 1;
}

static const struct pmu drivers[] = {
	{
		.name = "small",
		.handle_irq = small_irq,
		.enable = small_enable,
		.update = small_update,
	},
	{
		.name = "big",
		.handle_irq = big_irq,
		.enable = big_enable,
		.drain = big_drain,
		.limit_period = big_limit,
		.update = small_update,
		.guest_state = big_guest,
	},
};

static int64_t same_period(struct event *event, int64_t left)
{
	(void)event;
	return left;
}

static void static_calls_update(void)
{
	static_call_update(x_pmu_handle_irq, x_pmu.handle_irq);
	static_call_update(x_pmu_enable, x_pmu.enable);
	static_call_update(x_pmu_drain, x_pmu.drain);
	static_call_update(x_pmu_limit_period,
			   x_pmu.limit_period ? x_pmu.limit_period : same_period);
	static_call_update(x_pmu_update, x_pmu.update);

	if (!x_pmu.guest_state)
		x_pmu.guest_state = (void *)&__static_call_return0;
	static_call_update(x_pmu_guest_state, x_pmu.guest_state);
}

int pmu_init(unsigned int model)
{
	if (model >= sizeof(drivers) / sizeof(drivers[0]))
		return -19;
	x_pmu = drivers[model];
	static_calls_update();
	return 0;
}

int pmu_start(int idx)
{
	struct event event = { .idx = idx };

	static_call_cond(x_pmu_drain)();
	static_call_cond(x_pmu_enable)(&event);
	return 0;
}

int pmu_interrupt(int status)
{
	return static_call(x_pmu_handle_irq)(status);
}

int pmu_sample(int idx, int64_t period)
{
	struct event event = { .idx = idx, .period = period };

	if (!static_call(x_pmu_update)(&event))
		return -1;
	static_call_cond(x_pmu_drain)();
	event.period = static_call(x_pmu_limit_period)(&event, period);
	if (static_call(x_pmu_guest_state)())
		return (int)event.period + 2 * idx;
	return (int)(event.period + idx);
}

int has_drain(void)
{
	return static_call_query(x_pmu_drain) != NULL;
}
