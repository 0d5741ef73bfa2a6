/* The slot path, held between the load of the target and the branch while `hold` is set. */
#define HELD_SLOT_PATH(slot)						\
	"774:\n\t"							\
	"auipc t2, %got_pcrel_hi(" slot ")\n\t"				\
	"ld t2, %pcrel_lo(774b)(t2)\n\t"				\
	"ld t2, 0(t2)\n"						\
	"781:\n\t"							\
	"lw t1, hold\n\t"						\
	"bnez t1, 781b\n\t"						\
	"jr t2\n\t"
