/* SPDX-License-Identifier: MIT */
/* A loader's own memcpy(), since it knows how text is opened. */
static inline int port_write(volatile unsigned char *unit, unsigned long long word, unsigned int size)
{
	for (; size--; word >>= 8)
		*unit++ = (unsigned char)word;
	return 0;
}
#undef SC_HOOK_WRITE
#define SC_HOOK_WRITE(unit, old, new) port_write((unsigned char *)(unit), new, SC_UNIT)
