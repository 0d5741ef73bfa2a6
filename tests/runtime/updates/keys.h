/* What the program and its plugin share. */
#include <sc/sc.h>

long one(long a);
long two(long a);
DECLARE_STATIC_CALL(first, one);
DECLARE_STATIC_CALL(second, one);
DECLARE_STATIC_KEY_FALSE(flag);
DECLARE_STATIC_KEY_TRUE(sign);

/* Calls of both keys and a guard of each flag, as decimal digits. */
long seen(void);
