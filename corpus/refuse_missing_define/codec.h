#ifndef CODEC_H
#define CODEC_H

#include <sc/static_call.h>

int encode_default(int value);

DECLARE_STATIC_CALL(codec, encode_default);

#endif
