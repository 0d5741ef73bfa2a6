#include <sc/static_call.h>

/* Its type has no name, so that nobody else makes a call with one. */
extern struct { int of; } given;

int nearby(__typeof__(given) what);
int distant(__typeof__(given) what);

DECLARE_STATIC_CALL(once, nearby);

int call_once(int a);
