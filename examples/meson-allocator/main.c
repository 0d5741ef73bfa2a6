/* Takes pieces with and without a hook, and resets with and without poison. */
#include <stdio.h>

#include "arena.h"

static _Alignas(16) unsigned char memory[256];
static size_t pieces, bytes;

static void count(const void *piece, size_t size)
{
	(void)piece;
	pieces++;
	bytes += size;
}

static void take_some(struct arena *arena, const char *title)
{
	unsigned char *first = arena_take(arena, 10);

	arena_take(arena, 20);
	first[0] = 'x';
	printf("%s: %zu pieces, %zu bytes seen, ", title, pieces, bytes);
	arena_reset(arena);
	printf("%s\n", first[0] == 'x' ? "not poisoned" : "poisoned");
}

int main(void)
{
	struct arena arena = { memory, sizeof(memory), 0 };

	take_some(&arena, "silent");
	arena_set_hook(count);
	take_some(&arena, "hooked");
	arena_set_poison(1);
	take_some(&arena, "hooked");
	arena_set_hook(NULL);
	take_some(&arena, "silent");
	arena_set_poison(0);
	take_some(&arena, "silent");
	return 0;
}
