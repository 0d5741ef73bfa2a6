#include "tracepoint.h"

int transfer(int line, unsigned long n)
{
	if (line < 0) {
		trace_reset();
		return -5;
	}
	trace_irq(line);
	trace_bytes("disk", n);
	return (int)n;
}
