#include "vm.h"

void cpu_event(const char *what, int vcpu);

static int a_enter(int vcpu)
{
	return vcpu * 10;
}

static unsigned long a_read_reg(int vcpu, int reg)
{
	return vcpu ? 1 + reg : 0;
}

static int b_enter(int vcpu)
{
	cpu_event("enter", vcpu);
	return vcpu * 10 + 1;
}

static int b_poll(void)
{
	return 1;
}

static void b_flush(int vcpu)
{
	cpu_event("flush", vcpu);
}

static const struct vm_ops a_ops = {
	.enter = a_enter,
	.read_reg = a_read_reg,
	.flush_tlb = b_flush,
};

static const struct vm_ops b_ops = {
	.enter = b_enter,
	.read_reg = a_read_reg,
	.flush_tlb = b_flush,
	.poll = b_poll,
};

int vendor_setup(int b)
{
	vm_set_ops(b ? &b_ops : &a_ops);
	return 0;
}
