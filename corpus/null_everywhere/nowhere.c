#include "nowhere.h"

HOOK(int, number, n);
HOOK(long, wide, (long)n << 40);
HOOK(const char *, text, "text" + (n & 1));
HOOK(bool, flag, n > 0);
HOOK(unsigned char, small, (unsigned char)(200 + n));
HOOK(unsigned long long, big, ~0ull - (unsigned int)n);

CALLS(int, number)
CALLS(long, wide)
CALLS(const char *, text)
CALLS(bool, flag)
CALLS(unsigned char, small)
CALLS(unsigned long long, big)

/* The same by hand: here the tool sees what is returned. */
static void nothing_function(int n)
{
	called("nothing", n);
}

static int seen_function(int n)
{
	called("seen", n);
	return n;
}

static long seen_wide_function(int n)
{
	return -(long)n << 33;
}

static const char *seen_text_function(int n)
{
	return n ? "seen" : NULL;
}

static bool seen_flag_function(int n)
{
	return n != 4;
}

DEFINE_STATIC_CALL_NULL(nothing, nothing_function);
DEFINE_STATIC_CALL_NULL(seen, seen_function);
DEFINE_STATIC_CALL_RET0(seen_wide, seen_wide_function);
DEFINE_STATIC_CALL_NULL(seen_text, seen_text_function);
DEFINE_STATIC_CALL_RET0(seen_flag, seen_flag_function);

void nothing_ignored(int n)
{
	static_call(nothing)(n);
	static_call_cond(nothing)(n + 1);
}

void nothing_returned(int n)
{
	static_call(nothing)(n);
}

int seen_returned(int n)
{
	return static_call(seen)(n);
}

long sums(int n)
{
	long sum = number_returned(n) + wide_returned(n) + small_returned(n);

	number_ignored(n);
	text_ignored(n);
	sum += static_call(seen)(n) + static_call(seen_wide)(n);
	if (static_call(seen_flag)(n) || flag_returned(n))
		sum += 1000000;
	if (static_call(seen_text)(n))
		sum += *static_call(seen_text)(n);
	if (text_returned(n))
		sum += *text_returned(n);
	return sum + (long)big_returned(n);
}

void set_all(void)
{
	static_call_update(number, number_function);
	static_call_update(wide, wide_function);
	static_call_update(text, text_function);
	static_call_update(flag, flag_function);
	static_call_update(small, small_function);
	static_call_update(big, big_function);
	static_call_update(nothing, nothing_function);
	static_call_update(seen, seen_function);
	static_call_update(seen_wide, seen_wide_function);
	static_call_update(seen_text, seen_text_function);
	static_call_update(seen_flag, seen_flag_function);
}
