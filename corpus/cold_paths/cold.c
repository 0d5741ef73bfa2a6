#include <sc/static_call.h>

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define cold		__attribute__((cold))

int read_byte(void);
cold void note_failure(const char *what, int value);

static int n_errors;

void shout(const char *what, int value)
{
	note_failure(what, value);
}

void count_error(const char *what, int value)
{
	(void)what;
	(void)value;
	n_errors++;
}

int refuse(int value, int most)
{
	(void)value;
	(void)most;
	return -34;
}

int wrap(int value, int most)
{
	return value % most;
}

DEFINE_STATIC_CALL(on_error, shout);
DEFINE_STATIC_CALL(limit, refuse);

/* The error path ends in a cold function: GCC puts it into check.cold. */
int check(int value, int most)
{
	if (unlikely(value < 0)) {
		note_failure("negative", value);
		static_call_cond(on_error)("negative", value);
		return -22;
	}
	if (unlikely(value >= most)) {
		note_failure("too large", value);
		static_call_cond(on_error)("too large", value);
		return static_call(limit)(value, most);
	}
	return value;
}

int drain(int most)
{
	int good = 0;

	while (most-- > 0) {
		int byte = read_byte();

		if (unlikely(byte < 0)) {
			static_call_cond(on_error)("end", byte);
			break;
		}
		if (unlikely(byte > 127)) {
			static_call_cond(on_error)("high", byte);
			note_failure("high", byte);
			continue;
		}
		good++;
	}
	return good + (good > 2);
}

/* A cold function from its first instruction on, with a call in tail position. */
static cold __attribute__((noinline)) void last_words(int value)
{
	static_call_cond(on_error)("last", value);
}

cold int give_up(int value)
{
	while (value--)
		last_words(value);
	return 0;
}

int errors(void)
{
	return n_errors;
}
