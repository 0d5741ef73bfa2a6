#ifndef WALKED_H
#define WALKED_H
#include <sc/sc.h>

long one(long a);
long two(long a);
DECLARE_STATIC_CALL(key, one);
DECLARE_STATIC_KEY_FALSE(flag);

/* Not inlined, and with something to do behind their calls. */
long caller(long a);
long jumper(long a);
long tester(long a);
long outer(long a);

#endif
