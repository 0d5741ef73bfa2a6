#include <stdbool.h>
#include <stddef.h>

#include <sc/static_call.h>

void heard(int what);

void shout(int what)
{
	heard(what);
}

static int one(void)
{
	return 1;
}

static long two(long x)
{
	return x + 2;
}

static bool yes(void)
{
	return true;
}

static const char *a_name(int index)
{
	return &"ab"[index];
}

DEFINE_STATIC_CALL_NULL(notify, shout);
DEFINE_STATIC_CALL_NULL(count, one);
DEFINE_STATIC_CALL_NULL(offset, two);
DEFINE_STATIC_CALL_NULL(ready, yes);
DEFINE_STATIC_CALL_NULL(name, a_name);
DEFINE_STATIC_CALL_RET0(zero, two);

void poke(int what)
{
	static_call_cond(notify)(what);
	static_call(notify)(-what);
}

/* What is not set counts nothing. */
int numbers(void)
{
	int n = static_call(count)();

	n += (int)static_call(offset)(0);
	if (static_call(ready)())
		n += 2;
	if (static_call(name)(1))
		n += *static_call(name)(1) == 'b';
	return n + (int)static_call(zero)(77);
}

int is_null(void)
{
	return (static_call_query(notify) == NULL) |
		   (static_call_query(count) == NULL) << 1 |
		   (!static_call_query(offset)) << 2 |
		   (static_call_query(ready) ? 0 : 1) << 3 |
		   (static_call_query(name) == 0) << 4 |
		   (static_call_query(zero) == NULL) << 5;
}

void set_all(void)
{
	static_call_update(notify, shout);
	static_call_update(count, one);
	static_call_update(offset, two);
	static_call_update(ready, yes);
	static_call_update(name, a_name);
}

void clear_all(void)
{
	static_call_update(notify, NULL);
	static_call_update(count, NULL);
	static_call_update(offset, 0);
	static_call_update(ready, (void *)0);
	static_call_update(name, NULL);
}
