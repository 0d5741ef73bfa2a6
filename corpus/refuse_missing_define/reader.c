#include "codec.h"

int encode_default(int value)
{
    return value ^ 0x55;
}

int read_value(int raw)
{
    return static_call(codec)(raw);
}
