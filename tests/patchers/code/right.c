/* SPDX-License-Identifier: MIT */
/* The slot, published; each place by one store, cleaned; then everybody fetches anew. */
#include "patcher.h"

void write_patch(const struct patch *patch)
{
	unsigned int i;

	set_slot(patch);
	publish();
	for (i = 0; i < patch->count; i++) {
		store_unit(&patch->places[i]);
		clean(&patch->places[i]);
	}
	sync_all();
}
