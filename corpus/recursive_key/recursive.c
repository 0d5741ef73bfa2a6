#include <stddef.h>

#include <sc/static_call.h>

struct tree {
	struct tree *left, *right;
};

int factorial(int n);
int halve(int n);
int is_even(int n);
int is_odd(int n);
int sum_plain(int n, int so_far);
int sum_squares(int n, int so_far);
int visit_both(const struct tree *t);
int visit_left(const struct tree *t);

DEFINE_STATIC_CALL(again, factorial);
DEFINE_STATIC_CALL(even, is_even);
DEFINE_STATIC_CALL(odd, is_odd);
DEFINE_STATIC_CALL(sum, sum_plain);
DEFINE_STATIC_CALL(visit, visit_both);

int factorial(int n)
{
	return n < 2 ? 1 : n * static_call(again)(n - 1);
}

int halve(int n)
{
	return n ? 1 + static_call(again)(n / 2) : 0;
}

int is_even(int n)
{
	return n ? static_call(odd)(n - 1) : 1;
}

int is_odd(int n)
{
	return n ? static_call(even)(n - 1) : 0;
}

int sum_plain(int n, int so_far)
{
	if (!n)
		return so_far;
	return static_call(sum)(n - 1, so_far + n);
}

int sum_squares(int n, int so_far)
{
	if (!n)
		return so_far;
	return static_call(sum)(n - 1, so_far + n * n);
}

int visit_both(const struct tree *t)
{
	int left, right;

	if (!t)
		return 0;
	left = static_call(visit)(t->left);
	right = static_call(visit)(t->right);
	return 1 + (left > right ? left : right);
}

int visit_left(const struct tree *t)
{
	return t ? 1 + static_call(visit)(t->left) : 0;
}

static struct tree leaf, low = { NULL, &leaf }, left, root = { &left, &low };

int start(int n)
{
	return static_call(again)(n);
}

int parity(int n)
{
	return static_call(odd)(n);
}

int sum_to(int n, int so_far)
{
	return static_call(sum)(n, so_far);
}

int depth(void)
{
	return static_call(visit)(&root);
}
