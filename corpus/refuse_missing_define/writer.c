#include "codec.h"

static int encode_plain(int value)
{
    return value;
}

void write_plain(void)
{
    static_call_update(codec, encode_plain);
}
