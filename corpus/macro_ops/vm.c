#include <stddef.h>

#include "vm.h"

#define VM_OP(result, name, args) \
	DEFINE_STATIC_CALL_NULL(vm_##name, *(((struct vm_ops *)0)->name));
#define VM_OP_OPTIONAL VM_OP
#include "vm_ops.def"

void vm_set_ops(const struct vm_ops *ops)
{
#define VM_OP(result, name, args) \
	static_call_update(vm_##name, ops->name);
#define VM_OP_OPTIONAL(result, name, args) \
	if (ops->name) \
		static_call_update(vm_##name, ops->name); \
	else \
		static_call_update(vm_##name, (void *)&__static_call_return0);
#include "vm_ops.def"
}

int run_guest(int vcpu)
{
	int exit;

	vm_call_cond(flush_tlb)(vcpu);
	exit = vm_call(enter)(vcpu);
	if (vm_call(poll)())
		exit += 100;
	return exit + (int)vm_call(read_reg)(vcpu, 0);
}

int optional_ops(void)
{
	int n = 0;

#define COUNT(name) \
	if (static_call_query(vm_##name) != (void *)&__static_call_return0) \
		n++
	COUNT(flush_tlb);
	COUNT(poll);
	return n;
}
