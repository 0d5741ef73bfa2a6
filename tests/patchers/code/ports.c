/* SPDX-License-Identifier: MIT */
/* The runtime's own updates, through the hooks that a port defines. */
#include <sc/sc.h>

long one(long a);
long two(long a);
DECLARE_STATIC_CALL(key, one);
void to_one(void) { static_call_update(key, one); }
void to_two(void) { static_call_update(key, two); }
void to_far(void) { static_call_update(key, (long (*)(long))0x500012345000ul); }
