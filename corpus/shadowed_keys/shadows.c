/* Names of keys that other things bear in inner scopes: each use is of the nearest. */
#include <sc/sc.h>

static int add(int a)
{
	return a + 100;
}

static int sub(int a)
{
	return a - 100;
}

DEFINE_STATIC_CALL(hook, add);
DEFINE_STATIC_KEY_FALSE(gate);
DEFINE_STATIC_KEY_FALSE(other);
DEFINE_STATIC_KEY_TRUE(door);
DEFINE_STATIC_KEY_ARRAY_FALSE(gates, 3);

int by_file(int n)
{
	int result = static_call(hook)(n);

	if (static_branch_unlikely(&gate))
		result += 1;
	if (static_branch_likely(&door))
		result += 2;
	return result;
}

/* A parameter of the key's name points to any key. */
static __attribute__((noinline)) int asks(struct static_key_false *gate)
{
	if (static_branch_unlikely(gate))
		return 10;
	return 20;
}

int by_parameter(int which)
{
	return asks(which ? &gate : &other);
}

/* A local variable is no key that anyone could patch. */
int by_local(int on)
{
	int result = 0;

	{
		struct static_key_false door = STATIC_KEY_FALSE_INIT;

		if (on)
			static_branch_enable(&door);
		if (static_branch_unlikely(&door))
			result += 30;
	}
	if (static_branch_likely(&door))
		result += 1;
	return result;
}

/* A static call's name is pasted, so no variable hides it. */
int by_pasting(int hook)
{
	int add = hook * 2;

	return static_call(hook)(add);
}

int by_type(int n)
{
	int result = 0;

	{
		typedef int gate;
		gate door = n;

		result += door * 1000;
	}
	{
		enum { gate = 2, door = 1 };

		if (static_branch_unlikely(&gates[gate]))
			result += 10;
		if (static_branch_unlikely(&gates[door]))
			result += 20;
	}
	if (static_branch_unlikely(&gate))
		result += 1;
	if (static_branch_likely(&door))
		result += 2;
	return result;
}

/* Three keys of one name, the one in the middle of the other kind. */
int by_block(int n)
{
	int result = ({
		static DEFINE_STATIC_KEY_TRUE(gate);
		int inner = 0;

		if (n > 5)
			static_branch_disable(&gate);
		inner += ({
			static DEFINE_STATIC_KEY_FALSE(gate);

			if (n == 3)
				static_branch_enable(&gate);
			static_branch_unlikely(&gate) ? 10 : 0;
		});
		if (static_branch_likely(&gate))
			inner += 1;
		inner;
	});

	if (static_branch_unlikely(&gate))
		result += 100;
	return result;
}

/* One name in two functions, of different kinds. */
int first(int change)
{
	static DEFINE_STATIC_KEY_TRUE(mine);

	if (change)
		static_branch_disable(&mine);
	return static_branch_likely(&mine) ? 1 : 2;
}

int second(int change)
{
	static DEFINE_STATIC_KEY_FALSE(mine);

	if (change)
		static_branch_enable(&mine);
	return static_branch_likely(&mine) ? 3 : 4;
}

void set_hook(int to_sub)
{
	static_call_update(hook, to_sub ? sub : add);
}
