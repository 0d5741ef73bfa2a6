#ifndef POOL_H
#define POOL_H

#include <stddef.h>
#include <sc/sc.h>

#define POOL_OBJECTS 16
#define OBJECT_SIZE 32

void *pool_alloc(size_t size);
int pool_free(void *object);

/* Hooks see an object after it was allocated and before it is freed. */
typedef void alloc_hook(void *object, size_t size);
typedef int free_hook(const void *object);

DECLARE_STATIC_KEY_FALSE(pool_debug);
DECLARE_STATIC_CALL(pool_on_alloc, alloc_hook);
DECLARE_STATIC_CALL(pool_on_free, free_hook);

#endif
