#include "tracepoint.h"

void event(const char *name, long value);

DEFINE_TRACE(irq);
DEFINE_TRACE(bytes);
DEFINE_TRACE(reset);

int irq_log[8];
int irq_count;
unsigned long byte_total;

void __tp_default_irq(int line)
{
	event("irq", line);
}

void __tp_default_bytes(const char *dev, unsigned long n)
{
	event(dev, (long)n);
}

void __tp_default_reset(void)
{
	event("reset", 0);
}

void loud_reset(void)
{
	event("RESET", 1);
}

static void remember_irq(int line)
{
	irq_log[irq_count++ & 7] = line;
}

static void add_bytes(const char *dev, unsigned long n)
{
	if (dev[0] == 'd')
		byte_total += n;
}

void observe_irq(void)
{
	if (!trace_irq_enabled())
		trace_irq_on(remember_irq);
}

void observe_bytes(void)
{
	if (!trace_bytes_enabled())
		trace_bytes_on(add_bytes);
	if (!trace_reset_enabled())
		event("no reset", 2);
}
