#ifndef SUM_H
#define SUM_H

#include <stddef.h>
#include <sc/static_call.h>

#define FEATURE_VECTOR 1u
#define FEATURE_SUM    2u

unsigned int sum_bytewise(unsigned int seed, const unsigned char *data, size_t len);
unsigned int sum_vector(unsigned int seed, const unsigned char *data, size_t len);
unsigned int sum_dedicated(unsigned int seed, const unsigned char *data, size_t len);

DECLARE_STATIC_CALL(sum_update, sum_bytewise);

static inline unsigned int sum(const void *data, size_t len)
{
    return static_call(sum_update)(0, data, len);
}

#endif
