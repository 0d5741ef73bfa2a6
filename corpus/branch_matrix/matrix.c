#include <sc/static_key.h>

void took(const char *path);

DEFINE_STATIC_KEY_TRUE(on_key);
DEFINE_STATIC_KEY_FALSE(off_key);

/* Set before anything looks at them, never again. */
DEFINE_STATIC_KEY_TRUE_RO(has_fpu);
DEFINE_STATIC_KEY_FALSE_RO(has_crypto);

int matrix(void)
{
	int digits = 0;

	if (static_branch_likely(&on_key)) {
		digits += 1000;
		took("likely, true");
	} else {
		took("likely, true: off");
	}

	if (static_branch_unlikely(&on_key)) {
		digits += 100;
		took("unlikely, true");
	} else {
		took("unlikely, true: off");
	}

	if (static_branch_likely(&off_key)) {
		digits += 10;
		took("likely, false: on");
	} else {
		took("likely, false");
	}

	if (static_branch_unlikely(&off_key)) {
		digits += 1;
		took("unlikely, false: on");
	} else {
		took("unlikely, false");
	}
	return digits;
}

int negated(void)
{
	int mask = 0;

	if (!static_branch_likely(&off_key))
		mask |= 1;
	if (!static_branch_unlikely(&off_key))
		mask |= 2;
	if (!static_branch_likely(&on_key))
		mask |= 4;
	if (!static_branch_unlikely(&on_key))
		mask |= 8;
	return mask;
}

int setup(void)
{
	int found = 0;

	static_branch_enable(&has_crypto);
	if (static_branch_likely(&has_fpu))
		found += 10;
	if (static_branch_unlikely(&has_crypto))
		found += 1;
	return found;
}
