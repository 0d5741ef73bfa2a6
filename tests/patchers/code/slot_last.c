/* SPDX-License-Identifier: MIT */
/* Text before data: the slot path runs before the slot is new. */
#include "patcher.h"

void write_patch(const struct patch *patch)
{
	unsigned int i;

	for (i = 0; i < patch->count; i++) {
		store_unit(&patch->places[i]);
		clean(&patch->places[i]);
	}
	set_slot(patch);
	publish();
	sync_all();
}
