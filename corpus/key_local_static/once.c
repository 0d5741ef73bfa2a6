#include <sc/static_key.h>

void complain(const char *text, int value);

int warnings;

#define warn_once(cond, text, value) \
	({ \
		static DEFINE_STATIC_KEY_TRUE(not_yet); \
		int hit = !!(cond); \
		\
		if (static_branch_unlikely(&not_yet) && hit) { \
			static_branch_disable(&not_yet); \
			warnings++; \
			complain(text, value); \
		} \
		hit; \
	})

int parse(int value)
{
	if (warn_once(value < 0, "negative", value))
		return 0;
	if (warn_once(value == 7, "seven", value))
		return value;
	return value;
}

int same_names(int outer, int inner)
{
	static DEFINE_STATIC_KEY_FALSE(key);
	int result = 0;

	if (outer)
		static_branch_enable(&key);

	{
		static DEFINE_STATIC_KEY_TRUE(key);

		if (inner)
			static_branch_disable(&key);
		if (static_branch_likely(&key))
			result += 20;
		else
			result += 10;
	}

	if (static_branch_unlikely(&key))
		result += 1;
	return result;
}

static inline int bump(int which)
{
	static DEFINE_STATIC_KEY_ARRAY_FALSE(steps, 3);
	static struct {
		int unused;
		struct static_key_false key;
	} nested;

	switch (which) {
	case 2:
		static_branch_enable(&steps[2]);
		break;
	case 3:
		static_branch_enable(&steps[0]);
		break;
	default:
		if (static_branch_unlikely(&steps[2]))
			static_branch_enable(&nested.key);
	}

	return (static_branch_unlikely(&nested.key) ? 1 : 0) +
		   (static_branch_unlikely(&steps[1]) ? 2 : 0) +
		   (static_branch_unlikely(&steps[2]) ? 4 : 0);
}

int sample(int which)
{
	return bump(which);
}
