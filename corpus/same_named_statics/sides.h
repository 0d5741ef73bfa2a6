#ifndef SIDES_H
#define SIDES_H

#include <sc/static_call.h>

typedef int side_fn(int x);

side_fn *right_helper(void);

DECLARE_STATIC_CALL(left_key, side_fn);
DECLARE_STATIC_CALL(right_key, side_fn);

#endif
