#ifndef BACKEND_H
#define BACKEND_H

#include <sc/sc.h>

int from_disk(int block);
int from_network(int block);

DECLARE_STATIC_CALL(fetch, from_disk);
DECLARE_STATIC_KEY_FALSE(cache);
DECLARE_STATIC_KEY_TRUE(may_wait);

int use_network(void);
int backend_get(int block);

#endif
