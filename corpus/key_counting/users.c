#include <sc/static_key.h>

long read_clock(void);

long timestamps;

DEFINE_STATIC_KEY_FALSE(timestamps_wanted);
DEFINE_STATIC_KEY_TRUE(checks);

int receive(void)
{
	if (static_branch_unlikely(&timestamps_wanted)) {
		timestamps++;
		read_clock();
		return 1;
	}
	return 0;
}

int users(void)
{
	return static_key_count(&timestamps_wanted.key);
}

int want_timestamps(void)
{
	static_branch_inc(&timestamps_wanted);
	return users();
}

int drop_timestamps(void)
{
	if (static_key_enabled(&timestamps_wanted))
		static_branch_dec(&timestamps_wanted);
	return users();
}

/* n in, n out: the sum counts how often a timestamp was taken on the way. */
int balance(int n)
{
	int i, hits = 0;

	for (i = 0; i < n; i++) {
		static_branch_inc(&timestamps_wanted);
		hits += receive();
	}
	for (i = 0; i < n; i++)
		static_branch_dec(&timestamps_wanted);
	return hits + receive();
}

/* A key that is defined true has one user from the start. */
int checked(void)
{
	if (static_branch_likely(&checks))
		return static_key_count(&checks.key);
	return 0;
}
