/* An arena: memory that is taken piece by piece and given back as a whole. */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

struct arena {
	unsigned char *memory;
	size_t size, used;
};

typedef void arena_hook(const void *piece, size_t size);

void *arena_take(struct arena *arena, size_t size);	/* NULL: it is used up */
void arena_reset(struct arena *arena);

/* For debugging, at any time: who is told of each piece, and poison at a reset. */
void arena_set_hook(arena_hook *hook);			/* NULL: nobody */
void arena_set_poison(int on);

#endif
