/* SPDX-License-Identifier: MIT */
/* The displacement counts from the wrong end of the instruction. */
#include "patcher.h"

void write_patch(const struct patch *patch)
{
	unsigned int i;

	set_slot(patch);
	publish();
	for (i = 0; i < patch->count; i++) {
		struct place place = patch->places[i];
		int kind = sc_decode_word(place.new, (unsigned int)place.set);

		if (sc_insns[kind].bits)
			place.new = sc_encode(kind, place.at, (char *)patch->func + (SC_UNIT == 8 ? 5 : 4));
		store_unit(&place);
		clean(&place);
	}
	sync_all();
}
