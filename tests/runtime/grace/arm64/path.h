/* The slot path, held between the load of the target and the branch while `hold` is set. */
#define HELD_SLOT_PATH(slot)						\
	"adrp x16, :got:" slot "\n\t"					\
	"ldr x16, [x16, :got_lo12:" slot "]\n\t"			\
	"ldr x16, [x16]\n"						\
	"781:\n\t"							\
	"adrp x17, hold\n\t"						\
	"ldr w17, [x17, :lo12:hold]\n\t"				\
	"cbnz w17, 781b\n\t"						\
	"br x16\n\t"
