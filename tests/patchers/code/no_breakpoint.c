/* SPDX-License-Identifier: MIT */
/* The head and then the tail, as if nobody ran in between: no breakpoint. */
#include "two_stores.h"

void write_patch(const struct patch *patch)
{
	unsigned int i;

	set_slot(patch);
	publish();
	for (i = 0; i < patch->count; i++) {
		store_head(&patch->places[i]);
		store_tail(&patch->places[i]);
		clean(&patch->places[i]);
	}
	sync_all();
}
