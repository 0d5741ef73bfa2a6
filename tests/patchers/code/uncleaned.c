/* SPDX-License-Identifier: MIT */
/* No cache maintenance behind the stores: it works where caches are coherent. */
#include "patcher.h"

void write_patch(const struct patch *patch)
{
	unsigned int i;

	set_slot(patch);
	publish();
	for (i = 0; i < patch->count; i++)
		store_unit(&patch->places[i]);
	__h_sync();
}
