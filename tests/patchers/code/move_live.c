/* SPDX-License-Identifier: MIT */
/* A call of what returns 0 becomes an instruction that clears the result, by one aligned store. */
#include "patcher.h"

void write_patch(const struct patch *patch)
{
	unsigned int i;

	set_slot(patch);
	publish();
	for (i = 0; i < patch->count; i++) {
		struct place place = patch->places[i];

		if (patch->func == (void *)__static_call_return0 && place.set == SC_AT_CALL_SITE)
			place.new = 0xd2800000; /* mov x0, #0 */
		store_unit(&place);
		clean(&place);
	}
	sync_all();
}
