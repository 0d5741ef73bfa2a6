/* SPDX-License-Identifier: MIT */
/* "Other cores will notice." */
#undef SC_HOOK_SYNC
#define SC_HOOK_SYNC() 0
