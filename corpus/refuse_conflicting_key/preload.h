#ifndef PRELOAD_H
#define PRELOAD_H

#include <sc/static_key.h>

DECLARE_STATIC_KEY_FALSE(preload);

static inline int preloads(void)
{
    return static_branch_unlikely(&preload) ? 1 : 0;
}

#endif
