/* SPDX-License-Identifier: MIT */
/* Maintenance for the first place alone, as if a cache line were all of text. */
#include "patcher.h"

void write_patch(const struct patch *patch)
{
	unsigned int i;

	set_slot(patch);
	publish();
	for (i = 0; i < patch->count; i++)
		store_unit(&patch->places[i]);
	clean(&patch->places[0]);
	sync_all();
}
