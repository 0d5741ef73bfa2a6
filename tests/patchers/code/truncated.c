/* SPDX-License-Identifier: MIT */
/* A branch to whatever is left of a displacement that is too long for it. */
#include "patcher.h"

void write_patch(const struct patch *patch)
{
	unsigned int i;

	set_slot(patch);
	publish();
	for (i = 0; i < patch->count; i++) {
		struct place place = patch->places[i];
		int kind = place.set == SC_AT_CALL_SITE ? SC_CALL : SC_JUMP;

		place.new = sc_encode(kind, place.at, patch->func);
		store_unit(&place);
		clean(&place);
	}
	sync_all();
}
