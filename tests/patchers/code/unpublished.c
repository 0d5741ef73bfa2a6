/* SPDX-License-Identifier: MIT */
/* Slot and text in the right order, but nothing that keeps them in it for others. */
#include "patcher.h"

void write_patch(const struct patch *patch)
{
	unsigned int i;

	set_slot(patch);
	for (i = 0; i < patch->count; i++) {
		store_unit(&patch->places[i]);
		clean(&patch->places[i]);
	}
	sync_all();
}
