/* SPDX-License-Identifier: MIT */
/* A breakpoint, the tail, the head, with all CPUs told in between; but no handler takes the trap. */
#include "two_stores.h"

void write_patch(const struct patch *patch)
{
	unsigned int i;

	set_slot(patch);
	publish();
	for (i = 0; i < patch->count; i++) {
		const struct place *place = &patch->places[i];

		if (SC_BREAKPOINT_SIZE == 1)
			*(volatile unsigned char *)place->at = (unsigned char)SC_BREAKPOINT;
		else
			*(volatile unsigned int *)place->at = (unsigned int)SC_BREAKPOINT;
		clean(place);
		sync_all();
		if (SC_BREAKPOINT_SIZE == 1) {
			store_tail(place);
			sync_all();
			store_head(place);
		} else {
			store_unit(place);
		}
		clean(place);
	}
	sync_all();
}
