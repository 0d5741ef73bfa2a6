#include "arena.h"

#include <string.h>

#include <sc/static_call.h>
#include <sc/static_key.h>

#define ALIGNMENT	16
#define POISON		0xdb

/* Costs nothing while nobody listens: the call is a NOP. */
DEFINE_STATIC_CALL_NULL(on_take, arena_hook);
DEFINE_STATIC_KEY_FALSE(poison);

void *arena_take(struct arena *arena, size_t size)
{
	size_t need = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	void *piece = arena->memory + arena->used;

	if (need < size || need > arena->size - arena->used)
		return NULL;
	arena->used += need;
	static_call_cond(on_take)(piece, size);
	return piece;
}

void arena_reset(struct arena *arena)
{
	if (static_branch_unlikely(&poison))
		memset(arena->memory, POISON, arena->used);
	arena->used = 0;
}

void arena_set_hook(arena_hook *hook)
{
	static_call_update(on_take, hook);
}

void arena_set_poison(int on)
{
	if (on)
		static_branch_enable(&poison);
	else
		static_branch_disable(&poison);
}
