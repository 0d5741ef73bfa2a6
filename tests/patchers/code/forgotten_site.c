/* SPDX-License-Identifier: MIT */
/* The last site of the key is not written: a loop's end that is one too low. */
#include "patcher.h"

void write_patch(const struct patch *patch)
{
	unsigned int i;

	set_slot(patch);
	publish();
	for (i = 0; i + 1 < patch->count; i++) {
		store_unit(&patch->places[i]);
		clean(&patch->places[i]);
	}
	sync_all();
}
