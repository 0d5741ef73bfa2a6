/* SPDX-License-Identifier: MIT */
/* memcpy() to text: the first thing that anybody writes. */
#include "patcher.h"

void write_patch(const struct patch *patch)
{
	unsigned int i, byte;

	set_slot(patch);
	publish();
	for (i = 0; i < patch->count; i++) {
		const struct place *place = &patch->places[i];

		for (byte = 0; byte < place->size; byte++)
			((volatile char *)place->at)[byte] = (char)(place->new >> 8 * byte);
		clean(place);
	}
	sync_all();
}
