#include <sc/sc.h>

#define barrier() __asm__ __volatile__("" : : : "memory")
#define __cold __attribute__((__cold__))

__extension__ typedef unsigned __int128 wide;

void note(int x);

static __attribute__((__noinline__, __unused__)) int
eager(const int x) __attribute__((__hot__));

static int eager(const int x)
{
	return x * 10;
}

int __cold __attribute__((__section__(".text.lazy"))) lazy(const int x)
{
	(void)x;
	return 0;
}

DEFINE_STATIC_CALL(worker, eager);
DEFINE_STATIC_KEY_FALSE(odd_path);

static const int table[] = { [0 ... 3] = 1, [4] = 2, [5 ... 7] = 100 };

int mixed_up(int x)
{
	__auto_type first = static_call(worker)(x) ?: 41;
	__typeof__(static_call(worker)(x)) second = 0;
	register int copy = x;

	__asm__("" : "+r" (copy));
	barrier();

	switch (copy) {
	case 0 ... 4:
		second = table[copy];
		break;
	case 5 ... 9:
		if (__builtin_expect(static_branch_unlikely(&odd_path), 0))
			goto out;
		second = __extension__ ({ __label__ skip; int t = table[copy]; if (!t) goto skip; t += 2; skip: t; });
		break;
	}
out:
	return first + second;
}

/* Labels as values between calls. */
int threaded(void)
{
	static const void *const jump[] = { &&start, &&work, &&end };
	wide total = 0;
	int step = 0;

	goto *jump[step];
start:
	note(step);
	goto *jump[++step];
work:
	total += (wide)(static_call(worker)(step) ? 5 : 84);
	goto *jump[++step];
end:
	return (int)total;
}

struct __attribute__((__packed__)) record {
	char tag;
	int values[4] __attribute__((__aligned__(8)));
	char text[];
};

int offsets(int guard)
{
	_Static_assert(__builtin_offsetof(struct record, text) > 4, "text comes last");

	if (guard && static_branch_unlikely(&odd_path))
		return (int)__builtin_offsetof(struct record, text[0]);
	return static_call(worker)(guard);
}
