#include <sc/sc.h>

void trimmed(int n);

SC_DYNAMIC(-1)
int trim(int n)
{
    trimmed(n);
    return n > 1 ? n + trim(n - 1) : n;
}

DEFINE_STATIC_CALL(trimmer, trim);

int by_key(int n)
{
    return static_call(trimmer)(n);
}

int own_unit(int n)
{
    return trim(n);
}
