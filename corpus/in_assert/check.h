#include <sc/sc.h>

int positive(int x);
int even(int x);

DECLARE_STATIC_CALL(validate, positive);
DECLARE_STATIC_KEY_FALSE(paranoid);
