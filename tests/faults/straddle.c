/* One site across the end of its unit, as no compiler's assembly that went through the tool has. */
#include "subject.h"

#if defined(__x86_64__)
__asm__(".text\n\t.p2align 3\n\t.globl straddling\n\t.type straddling, %function\nstraddling:\n\t"
	"sub $8, %rsp\n\t.byte 0x66, 0x90\n\t"
	"771: call __SCT__integer\n\tadd $8, %rsp\n\tret\n\t.size straddling, . - straddling\n\t"
	".pushsection static_call_sites, \"awR\", %progbits\n\t.p2align 2\n\t"
	".long 771b - .\n\t.long __SCP__integer - .\n\t.popsection");
#endif
