/* SPDX-License-Identifier: MIT */
/* Finds a key's places, decides what belongs in them, and has write_patch() write it. */
#include "patcher.h"

extern struct static_call_key key_of_unit __asm__("__SCK__key");
extern struct sc_site __start_static_call_sites[] __attribute__((__weak__, __visibility__("hidden")));
extern struct sc_site __stop_static_call_sites[] __attribute__((__weak__, __visibility__("hidden")));
void one(void);
void two(void);

/* A branch to the target where that reaches; else what leads to the trampoline's slot path. */
static void add_place(struct patch *patch, char *at, int set, int kind, const char *target,
		      const char *home)
{
	struct place *place = &patch->places[patch->count++];

	place->at = at;
	place->set = set;
	if (!sc_reaches(kind, at, target)) {
		kind = home ? kind : SC_NOP;
		target = home;
	}
	place->size = sc_insns[kind].size;
	place->new = sc_encode(kind, at, target);
}

/* The condition stays, and where it goes changes. */
static void add_conditional(struct patch *patch, char *at, int kind, const char *home)
{
	unsigned int offset = (unsigned int)((unsigned long)at % SC_UNIT);
	sc_word old = *sc_unit_of(at) >> 8 * offset;

	add_place(patch, at, SC_AT_CONDITIONAL_SITE, kind, patch->func, home);
	patch->places[patch->count - 1].new |= old & sc_insns[kind].ignored;
}

static void add_sites(struct patch *patch, struct sc_proxy *proxy)
{
	struct sc_site *site = __start_static_call_sites, *way = 0;

	for (; site && site < __stop_static_call_sites; site++)
		if (sc_site_tag(site) == ((unsigned long)proxy | SC_SITE_WAY))
			way = site;
	for (site = __start_static_call_sites; site && site < __stop_static_call_sites; site++) {
		char *at = sc_relative(&site->code);
		char *home = way ? sc_relative(&way->code) : sc_relative(&proxy->trampoline);
		int kind;

		if (sc_site_proxy(site) != proxy || sc_site_tag(site) & SC_SITE_WAY)
			continue;
		if (!(sc_site_tag(site) & SC_SITE_TAIL)) {
			add_place(patch, at, SC_AT_CALL_SITE, SC_CALL, patch->func, home);
			continue;
		}
		kind = sc_decode(at, SC_AT_CONDITIONAL_SITE | SC_AT_KEPT_SITE);
		if (kind == SC_NONE)
			add_place(patch, at, SC_AT_TAIL_SITE, SC_JUMP, patch->func, home);
		else if (SC_AT_CONDITIONAL_SITE & 1u << kind)
			add_conditional(patch, at, kind, home);
	}
}

static void update(void *func)
{
	struct patch patch;
	struct sc_proxy *proxy = key_of_unit.proxies;

	patch.key = &key_of_unit;
	patch.func = func;
	patch.count = 0;
	add_place(&patch, sc_relative(&proxy->insn), SC_AT_TRAMPOLINE, SC_JUMP, func, 0);
	add_sites(&patch, proxy);
	__h_lock();
	write_patch(&patch);
	__h_unlock();
}

void to_one(void)
{
	update((void *)one);
}

void to_two(void)
{
	update((void *)two);
}

void to_null(void)
{
	update((void *)__static_call_null);
}

void to_zero(void)
{
	update((void *)__static_call_return0);
}

/* Out of every branch's reach. */
void to_far(void)
{
	update((void *)0x500012345000ul);
}
