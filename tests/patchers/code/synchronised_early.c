/* SPDX-License-Identifier: MIT */
/* All CPUs are told before the last place is written. */
#include "patcher.h"

void write_patch(const struct patch *patch)
{
	unsigned int i;

	set_slot(patch);
	publish();
	for (i = 0; i < patch->count; i++) {
		if (i + 1 == patch->count)
			__h_sync();
		store_unit(&patch->places[i]);
		clean(&patch->places[i]);
	}
	sc_arch_serialise();
}
