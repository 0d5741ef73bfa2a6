/* An object that comes and goes, with a site of a key that the program has. */
#include <sc/sc.h>

long one(long a);
DECLARE_STATIC_CALL(shared_key, one);
DECLARE_STATIC_KEY_FALSE(flag);
long part(long a);
long part(long a)
{
	long b = static_call(shared_key)(a);

	if (static_branch_unlikely(&flag))
		__asm__ volatile("");
	return b;
}
