/*
 * Each instruction of a trampoline's slot path is interrupted, and the context
 * sent back to the trampoline's start, as a synchronisation does: the call must
 * go where the key points by then, and return to its caller with its stack.
 */
#include "sc_runtime.c"

#include <sc/static_call.h>
#include <stdio.h>

#define TRAP_FLAG 0x100

static int first(int x) { return x + 1; }
static int second(int x) { return x + 2; }
DEFINE_STATIC_CALL(op, first);

static char *seen[64];
static unsigned int count;

static int is_new(char *ip)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (seen[i] == ip)
			return 0;
	seen[count++] = ip;
	return 1;
}

static void trapped(int number, siginfo_t *info, void *data)
{
	ucontext_t *context = data;
	char *ip = (char *)SC_ARCH_CONTEXT_PC(context);

	(void)number;
	(void)info;
	if (sc_text_contains(ip) && count < 64 && is_new(ip)) {
		static_call_update(op, count % 2 ? second : first);
		sc_rewind(context);
	}
}

__attribute__((noinline)) static int stepped(int x)
{
	int result;

	__asm__ volatile("pushfq\n\torq %0, (%%rsp)\n\tpopfq" : : "i"(TRAP_FLAG) : "cc", "memory");
	result = static_call(op)(x);
	__asm__ volatile("pushfq\n\tandq %0, (%%rsp)\n\tpopfq" : : "i"(~TRAP_FLAG) : "cc", "memory");
	return result;
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = trapped, .sa_flags = SA_SIGINFO };
	int result;

	sigaction(SIGTRAP, &action, 0);
	result = stepped(40);
	printf("%u %d\n", count, result - (count % 2 ? 2 : 1));
	return 0;
}
