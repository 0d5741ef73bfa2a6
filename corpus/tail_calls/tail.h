#include <sc/sc.h>

int join(int a, int b);
int subtract(int a, int b);
void say(int x);
void fill(int *where, int n);

DECLARE_STATIC_CALL(target, join);
DECLARE_STATIC_CALL(quiet, say);
DECLARE_STATIC_KEY_FALSE(shortcut);
