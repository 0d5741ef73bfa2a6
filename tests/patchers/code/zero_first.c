/* SPDX-License-Identifier: MIT */
/* The place is cleared before the new instruction is put together in it. */
#include "patcher.h"

void write_patch(const struct patch *patch)
{
	unsigned int i;

	set_slot(patch);
	publish();
	for (i = 0; i < patch->count; i++) {
		struct place none = patch->places[i];

		none.new = 0;
		store_unit(&none);
		clean(&none);
		store_unit(&patch->places[i]);
		clean(&patch->places[i]);
	}
	sync_all();
}
