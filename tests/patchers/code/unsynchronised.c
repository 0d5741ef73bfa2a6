/* SPDX-License-Identifier: MIT */
/* Nobody tells the other CPUs: they run what they have fetched, for as long as they like. */
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
	sc_arch_serialise();
}
