/* SPDX-License-Identifier: MIT */
/* The tail first, so that the head is what switches over: the old head meets the new tail. */
#include "two_stores.h"

void write_patch(const struct patch *patch)
{
	unsigned int i;

	set_slot(patch);
	publish();
	for (i = 0; i < patch->count; i++) {
		store_tail(&patch->places[i]);
		clean(&patch->places[i]);
		sync_all();
		store_head(&patch->places[i]);
		clean(&patch->places[i]);
	}
	sync_all();
}
