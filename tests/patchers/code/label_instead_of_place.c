/* SPDX-License-Identifier: MIT */
/* Written at the trampoline's label, where its landing pad stands. */
#include "patcher.h"

void write_patch(const struct patch *patch)
{
	struct place place = patch->places[0];
	const struct sc_proxy *proxy = patch->key->proxies;

	set_slot(patch);
	publish();
	place.at = sc_relative(&proxy->trampoline);
	place.new = sc_encode(SC_JUMP, place.at, patch->func);
	store_unit(&place);
	clean(&place);
	sync_all();
}
