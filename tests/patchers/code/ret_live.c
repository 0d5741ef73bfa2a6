/* SPDX-License-Identifier: MIT */
/* A tail site whose target does nothing becomes a return, by one aligned store. */
#include "patcher.h"

void write_patch(const struct patch *patch)
{
	unsigned int i;

	set_slot(patch);
	publish();
	for (i = 0; i < patch->count; i++) {
		struct place place = patch->places[i];

		if (patch->func == (void *)__static_call_null && place.set != SC_AT_CALL_SITE)
			place.new = 0xd65f03c0; /* ret */
		store_unit(&place);
		clean(&place);
	}
	sync_all();
}
