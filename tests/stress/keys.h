/* The program's keys, as its units and the plugin see them. */
#ifndef KEYS_H
#define KEYS_H

#include <sc/sc.h>

#include "stress.h"

DECLARE_STATIC_CALL(alpha, stress_target);
DECLARE_STATIC_CALL(beta, stress_target);
DECLARE_STATIC_CALL(gamma, stress_target);
DECLARE_STATIC_CALL(delta, stress_target);
DECLARE_STATIC_CALL(note, stress_note);
DECLARE_STATIC_CALL(visiting, stress_target);
DECLARE_STATIC_CALL(handler_0, stress_target);
DECLARE_STATIC_CALL(handler_1, stress_target);
DECLARE_STATIC_KEY_FALSE(flag_a);
DECLARE_STATIC_KEY_TRUE(flag_b);
DECLARE_STATIC_KEY_FALSE(flag_c);

long switched(long a);			/* 16 * a while it is on, else 0 */

/* What dispatches by the sites of this unit; a unit's copy has a name of its own. */
stress_sites SITES;

#endif
