/* SPDX-License-Identifier: MIT */
/* A call of two instructions, auipc and jalr, of which each is stored by itself. */
#include "patcher.h"

extern char pair_site[];

static void store_word(char *at, unsigned int word)
{
	*(volatile unsigned int *)at = word;
}

void write_patch(const struct patch *patch)
{
	unsigned int distance = (unsigned int)((unsigned long)patch->func - (unsigned long)pair_site);
	unsigned int high = (distance + 0x800) & 0xfffff000;

	set_slot(patch);
	publish();
	store_unit(&patch->places[0]);
	store_word(pair_site, high | 0x00000097);
	store_word(pair_site + 4, (distance - high) << 20 | 0x000080e7);
	sync_all();
}
