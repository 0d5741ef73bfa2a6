/* SPDX-License-Identifier: MIT */
/* "Stores are in order here." */
#undef SC_HOOK_PUBLISH
#define SC_HOOK_PUBLISH() 0
