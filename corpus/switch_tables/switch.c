#include <sc/static_call.h>

int upwards(int n)
{
	return n + 1;
}

int down(int n)
{
	return n - 1;
}

int multiply(int a, int b)
{
	return a * b;
}

int add_up(int a, int b)
{
	return a + b;
}

int negate(int n)
{
	return -n;
}

DEFINE_STATIC_CALL(up, upwards);
DEFINE_STATIC_CALL(times, multiply);
DEFINE_STATIC_CALL(other, negate);

int opcode(int code, int n)
{
	switch (code) {
	case 0:
		return static_call(up)(n);
	case 1:
		return 100 + static_call(up)(n);
	case 2:
		return 200 + static_call(up)(n);
	case 3:
		return static_call(times)(n, 3);
	case 4:
		return static_call(times)(n, 4);
	case 5:
		n = static_call(times)(n, 5);
		break;
	case 6:
		return static_call(other)(n);
	case 7:
		n = static_call(up)(n);
		break;
	default:
		return -1;
	}
	return n;
}

/* A little machine, as interpreters write it. */
int threaded(void)
{
	static const void *const places[] = { &&plus, &&twice, &&end };
	static const unsigned char program[] = { 0, 1, 1, 0, 0, 2 };
	const unsigned char *at = program;
	int n = 4;

	goto *places[*at];
plus:
	n = static_call(up)(n);
	goto *places[*++at];
twice:
	n = static_call(times)(n, 2);
	goto *places[*++at];
end:
	return n;
}
