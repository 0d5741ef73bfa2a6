/* More code than a short branch spans: 2 MiB, which nobody runs. */
__asm__(".text\n\t.balign 16\n\t.skip 2097152\n");
