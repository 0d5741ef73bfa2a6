#include <sc/sc.h>

int first(int n);
int second(int n);
int third(int n);
void put(int value);

DECLARE_STATIC_CALL(voice, first);
DECLARE_STATIC_KEY_FALSE(awake);
