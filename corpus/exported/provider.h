#ifndef PROVIDER_H
#define PROVIDER_H

#include <sc/static_call.h>

int double_it(int x);
int add_one(int x);

DECLARE_STATIC_CALL(open_step, double_it);
DECLARE_STATIC_CALL(closed_step, add_one);

int provider_update(void);

#endif
