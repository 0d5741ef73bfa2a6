/* SPDX-License-Identifier: MIT */
/* One NOP is as good as several short ones, between which nobody can be. */
#include "patcher.h"

void write_patch(const struct patch *patch)
{
	unsigned int i;

	set_slot(patch);
	publish();
	for (i = 0; i < patch->count; i++) {
		struct place place = patch->places[i];

		if (sc_decode_word(place.new, 1u << SC_NOP) != SC_NONE)
			place.new = SC_UNIT == 8 ? 0x9090909090ull : 0x00010001ull; /* nop; c.nop */
		store_unit(&place);
		clean(&place);
	}
	sync_all();
}
