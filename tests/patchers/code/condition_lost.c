/* SPDX-License-Identifier: MIT */
/* A conditional jump becomes a jump: it goes to the right target, and always. */
#include "patcher.h"

void write_patch(const struct patch *patch)
{
	unsigned int i;

	set_slot(patch);
	publish();
	for (i = 0; i < patch->count; i++) {
		struct place place = patch->places[i];

		if (place.set == SC_AT_CONDITIONAL_SITE)
			place.new = sc_encode(SC_JUMP, place.at, patch->func) | 0x90ull << 40;
		store_unit(&place);
		clean(&place);
	}
	sync_all();
}
