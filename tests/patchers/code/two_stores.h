/* SPDX-License-Identifier: MIT */
/* An instruction in two pieces: its head, which says what it is, and its tail. */
#ifndef TWO_STORES_H
#define TWO_STORES_H

#include "patcher.h"

#define HEAD (SC_UNIT == 8 ? 1u : 2u)

static inline void store_head(const struct place *place)
{
	if (HEAD == 1)
		*(volatile unsigned char *)place->at = (unsigned char)place->new;
	else
		*(volatile unsigned short *)place->at = (unsigned short)place->new;
}

typedef unsigned int __attribute__((__aligned__(1), __may_alias__)) loose_word;
typedef unsigned short __attribute__((__aligned__(1), __may_alias__)) loose_half;

static inline void store_tail(const struct place *place)
{
	if (HEAD == 1)
		*(volatile loose_word *)(place->at + 1) = (unsigned int)(place->new >> 8);
	else
		*(volatile loose_half *)(place->at + 2) = (unsigned short)(place->new >> 16);
}

#endif
