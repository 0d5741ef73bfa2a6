#include <sc/static_call.h>

static int hash_short(const char *text)
{
    return text[0];
}

DEFINE_STATIC_CALL(hash, hash_short);

static int hash_long(const char *text)
{
    int h = 0;

    while (*text)
        h = 31 * h + *text++;
    return h;
}

/* <<<<<<< ours */

DEFINE_STATIC_CALL(hash, hash_long);

int bucket(const char *text)
{
    return static_call(hash)(text) & 63;
}
