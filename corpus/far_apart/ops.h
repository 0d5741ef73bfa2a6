#include <sc/static_call.h>

int nearby(int a);
int distant(int a);

DECLARE_STATIC_CALL(op, nearby);
DECLARE_STATIC_CALL(once, nearby);

int call_op(int a);
int last_op(int a);
int call_once(int a);
