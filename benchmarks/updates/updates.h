/* What the generated sites.c and updates.c know of each other. */
#ifndef UPDATES_H
#define UPDATES_H

/* Never inlined: they lie in a unit of their own. */
long target_a(long value);
long target_b(long value);

/* A way of updating: everything of it goes to target_b, or back to target_a. */
struct subject {
	const char *name;
	void (*update)(int to_b);
	long (*call)(long value);	/* through every site of it */
	unsigned int keys, sites;
};

extern const struct subject subjects[];
extern const unsigned int subject_count;

/* All sites once, in pieces of at most 100. */
extern long (*const pieces[])(long value);
extern const unsigned int piece_count;

#endif
