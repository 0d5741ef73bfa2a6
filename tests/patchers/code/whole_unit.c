/* SPDX-License-Identifier: MIT */
/* The whole unit is written, as if nothing stood beside the place. */
#include "patcher.h"

void write_patch(const struct patch *patch)
{
	unsigned int i;

	set_slot(patch);
	publish();
	for (i = 0; i < patch->count; i++) {
		const struct place *place = &patch->places[i];
		unsigned int offset = (unsigned int)((unsigned long)place->at % SC_UNIT);

		*(volatile sc_unit *)sc_unit_of(place->at) = (sc_unit)(place->new << 8 * offset);
		clean(place);
	}
	sync_all();
}
