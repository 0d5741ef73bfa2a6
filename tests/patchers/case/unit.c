#include <sc/sc.h>

void other(int what);

__attribute__((noinline)) int one(int a)
{
	return a + 1;
}

int two(int a)
{
	return a + 2;
}

DEFINE_STATIC_CALL(key, one);
DEFINE_STATIC_KEY_FALSE(flag);

/* A tail call, and calls between sites: a linker that relaxes them moves what stands behind. */
int again(int a);
int again(int a)
{
	return one(a);
}

int calls(int a);
int calls(int a)
{
	other(1);
	a = static_call(key)(a);
	other(2);
	other(3);
	a += static_call(key)(a);
	other(4);
	return a;
}

/* The same once more, two bytes further on. */
int once_more(int a);
int once_more(int a)
{
	return one(a);
}

int calls_again(int a);
int calls_again(int a)
{
	other(1);
	return static_call(key)(a) + 1;
}

int guarded(void);
int guarded(void)
{
	other(5);
	if (static_branch_unlikely(&flag))
		return 1;
	return 0;
}
