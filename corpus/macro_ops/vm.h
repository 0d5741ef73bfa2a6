#ifndef VM_H
#define VM_H

#include <sc/static_call.h>

struct vm_ops {
#define VM_OP(result, name, args) result (*name) args;
#define VM_OP_OPTIONAL VM_OP
#include "vm_ops.def"
};

#define VM_OP(result, name, args) \
	DECLARE_STATIC_CALL(vm_##name, *(((struct vm_ops *)0)->name));
#define VM_OP_OPTIONAL VM_OP
#include "vm_ops.def"

#define vm_call(name) static_call(vm_##name)
#define vm_call_cond(name) static_call_cond(vm_##name)

void vm_set_ops(const struct vm_ops *ops);

#endif
