/* SPDX-License-Identifier: MIT */
/* The slot is NULL while text changes, so that nobody uses the old target. */
#include "patcher.h"

void write_patch(const struct patch *patch)
{
	unsigned int i;

	__atomic_store_n(&patch->key->func, (void *)0, __ATOMIC_RELAXED);
	publish();
	for (i = 0; i < patch->count; i++) {
		store_unit(&patch->places[i]);
		clean(&patch->places[i]);
	}
	set_slot(patch);
	sync_all();
}
