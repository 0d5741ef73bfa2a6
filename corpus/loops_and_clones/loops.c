#include <sc/static_call.h>

int ones(int n)
{
	return n;
}

int tens(int n)
{
	return 10 * n;
}

int multiply(int a, int b)
{
	return a * b;
}

int add(int a, int b)
{
	return a + b;
}

DEFINE_STATIC_CALL(digit, ones);
DEFINE_STATIC_CALL(scale, multiply);

/* A constant count: whole at -O3. */
int unrolled(void)
{
	int i, sum = 0;

	for (i = 1; i <= 4; i++)
		sum = 10 * sum + static_call(digit)(i);
	return sum;
}

/* Called with constants only: cloned for each, or given them in registers. */
static __attribute__((noinline)) int step(int value, int factor, int kind)
{
	int i, sum = 0;

	for (i = 0; i < factor; i++) {
		if (kind == 1)
			sum += static_call(scale)(value, i);
		else
			sum += static_call(scale)(i, value + kind);
	}
	return sum;
}

int by_constants(int value)
{
	return step(value, 3, 1) + step(value, 4, 2) + step(value, 5, 1) + step(value, 3, 2) + step(value, 2, 0);
}

static inline int twice(int n)
{
	return static_call(digit)(n) * 10;
}

int inlined(int n)
{
	return twice(n) + static_call(digit)(n);
}

/* Two tests of one thing: compilers copy the call between them. */
int jump_threaded(int first, int last)
{
	int n = 0;

	if (first)
		n = 1;
	n = 10 * (1 + (last && !first)) + static_call(digit)(n);
	if (first)
		n = static_call(digit)(2) + n - 1;
	else
		n = static_call(digit)(1) + n;
	return n;
}
