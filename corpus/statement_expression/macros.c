#include <sc/sc.h>

int next_value(int hint);

int positive(int x)
{
	return x;
}

int negative(int x)
{
	return -x;
}

static int fetch(int hint)
{
	return next_value(hint);
}

DEFINE_STATIC_CALL(pick, positive);
DEFINE_STATIC_CALL(next, fetch);
DEFINE_STATIC_KEY_FALSE(hot);

/* Evaluates each argument once. */
#define max(a, b) ({ \
	__typeof__(a) _a = (a); \
	__typeof__(b) _b = (b); \
	_a > _b ? _a : _b; \
})

/* Evaluates it twice. */
#define DOUBLE(x) ((x) + (x))

/* And not at all. */
#define IGNORE(x) 0

int largest(int floor)
{
	int first = max(static_call(pick)(static_call(next)(1)), 0);

	return max(max(first, floor), ({
		int value = static_call(next)(2);

		static_call(pick)(value);
	}));
}

int twice(int x)
{
	return DOUBLE(static_call(pick)(x)) + IGNORE(static_call(pick)(x));
}

int guarded(int x)
{
	return ({
		int result = 0;

		if (static_branch_unlikely(&hot))
			result = ({ int y = x; y + static_call(pick)(y); });
		result;
	});
}

int in_loop(int n)
{
	int sum = 0;

	while (({ n--; static_branch_unlikely(&hot) && n >= 0; }))
		sum += ({ static_call(pick)(n + (n ? 2 : 4)); });
	return sum;
}
