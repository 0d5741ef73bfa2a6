#include <stddef.h>

#include <sc/static_call.h>

int set_up(int n);
int work(int n);
int ping(void);
int pong(void);
int counting_down(int n);

DEFINE_STATIC_CALL(get, set_up);
DEFINE_STATIC_CALL(turn, ping);
DEFINE_STATIC_CALL(fading, counting_down);

/* Initialisation on first use. */
int set_up(int n)
{
	static_call_update(get, work);
	return 1000 + static_call(get)(n);
}

int work(int n)
{
	return n;
}

int ping(void)
{
	static_call_update(turn, pong);
	return 1;
}

int pong(void)
{
	static_call_update(turn, ping);
	return 2;
}

/* Gone while it is being executed. */
int counting_down(int n)
{
	if (n == 1)
		static_call_update(fading, NULL);
	return n + static_call(fading)(n - 1);
}

int use(int n)
{
	return static_call(get)(n);
}

int use_twice(int n)
{
	int one = static_call(get)(n);

	return one + static_call(get)(n);
}

int turns(void)
{
	int i, seen = 0;

	for (i = 0; i < 4; i++)
		seen = 10 * seen + static_call(turn)();
	return seen;
}

void reset(void)
{
	static_call_update(get, set_up);
}

int fade(int n)
{
	return static_call(fading)(n);
}
