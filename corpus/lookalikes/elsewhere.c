/* No header of ours: a program's own functions and members. */
struct static_branch {
	int (*static_call)(int);
	int (*static_call_cond)(int);
};

static int next(int x)
{
	return x + 1;
}

static const struct static_branch table[] = { { next, next } };

int members_alone(const struct static_branch *p, int x)
{
	return p->static_call(x) + table[0].static_call_cond(p->static_call(x));
}

int static_branch_likely(const int *flag)
{
	return *flag;
}

int own_function(int flag)
{
	if (static_branch_likely(&flag))
		return members_alone(table, flag);
	return -1;
}

#define static_call(x) ((x) * 5)

int own_macro(int x)
{
	return static_call(x);
}

#undef static_call
