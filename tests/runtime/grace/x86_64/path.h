/* The slot path, held between the load of the target and the branch while `hold` is set. */
#define HELD_SLOT_PATH(slot)						\
	"movq " slot "@GOTPCREL(%rip), %r11\n\t"			\
	"movq (%r11), %r11\n"						\
	"781:\n\t"							\
	"cmpl $0, hold(%rip)\n\t"					\
	"jne 781b\n\t"							\
	"jmpq *%r11\n\t"						\
	"int3\n\t"
