#include "sum.h"

unsigned int sum_bytewise(unsigned int seed, const unsigned char *data, size_t len)
{
    while (len--)
        seed += *data++;
    return seed;
}

unsigned int sum_vector(unsigned int seed, const unsigned char *data, size_t len)
{
    unsigned int lane[4] = { seed, 0, 0, 0 };
    size_t i;

    for (i = 0; i + 4 <= len; i += 4) {
        lane[0] += data[i];
        lane[1] += data[i + 1];
        lane[2] += data[i + 2];
        lane[3] += data[i + 3];
    }
    return sum_bytewise(lane[0] + lane[1] + lane[2] + lane[3], data + i, len - i);
}

/* This one drops the top bit of each byte: fine for ASCII. */
unsigned int sum_dedicated(unsigned int seed, const unsigned char *data, size_t len)
{
    const unsigned char *end = data + len;

    for (; data != end; data++)
        seed += *data & 0x7f;
    return seed;
}
