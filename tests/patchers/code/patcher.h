/* SPDX-License-Identifier: MIT */
/*
 * What every patcher here starts from: the places of one key in text, and the
 * instruction that belongs in each. All of that is right. What a patcher does
 * itself is write_patch(): how it is stored, in which order, and what follows.
 *
 * The instructions are encoded by the runtime's own sc_insn.h, so that a patcher
 * is the same C for every arch. __h_publish() and __h_sync() are what the
 * verifier sees of "tell all other CPUs": see templates/common/harness/hooks.h.
 */
#ifndef PATCHER_H
#define PATCHER_H

#define EBUSY		16
#define EXDEV		18
#define EINVAL		22
#define ERANGE		34

#include <sc/types.h>

#include "sc_arch.h"
#include "sc_insn.h"
#include "sc_tables.h"

#define MOST_PLACES	8

struct place {
	char *at;
	unsigned int size;		/* of what stands there */
	int set;			/* SC_AT_...: what may stand there */
	sc_word new;			/* the instruction's bytes, the first lowest */
};

struct patch {
	struct static_call_key *key;
	void *func;			/* the new target */
	struct place places[MOST_PLACES];	/* the trampoline, then the sites */
	unsigned int count;
};

void write_patch(const struct patch *patch);

/* --- pieces of a right one --- */

static inline void set_slot(const struct patch *patch)
{
	__atomic_store_n(&patch->key->func, patch->func, __ATOMIC_RELAXED);
}

/* Who fetches code that is stored from now on loads what was stored before. */
static inline void publish(void)
{
#ifdef H_PUBLISH_BY_BARRIER
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#else
	__h_publish();
#endif
}

/* One store of the aligned unit that holds the place. */
static inline void store_unit(const struct place *place)
{
	unsigned int offset = (unsigned int)((unsigned long)place->at % SC_UNIT);
	sc_word mask = sc_size_mask(place->size) << 8 * offset;
	sc_unit *unit = sc_unit_of(place->at);

	__atomic_store_n(unit, (sc_unit)((*unit & ~mask) | place->new << 8 * offset), __ATOMIC_RELAXED);
}

static inline void clean(const struct place *place)
{
	sc_arch_clean((char *)sc_unit_of(place->at), SC_UNIT);
}

/* All CPUs fetch anew, this one too. */
static inline void sync_all(void)
{
	__h_sync();
	sc_arch_serialise();
}

#endif /* PATCHER_H */
