#include <sc/static_key.h>

#define NR_QUEUES 2

struct queue {
	int waiting;
	struct static_key_false paused;
	struct queue *next;
};

struct queue queues[NR_QUEUES] = {
	{ .waiting = 3, .next = &queues[1] },
	{ .waiting = 3 },
};

struct cell {
	int temperature;
	struct static_key_false hot;
} grid[3][3];

DEFINE_STATIC_KEY_TRUE(first);
DEFINE_STATIC_KEY_FALSE(second);

int drain(int which)
{
	struct queue *q = &queues[which];
	int taken = 0;

	while (!static_branch_unlikely(&q->paused) && q->waiting) {
		q->waiting--;
		taken++;
	}
	q->waiting += taken;
	return taken;
}

void pause_all(int on)
{
	struct queue *q;

	for (q = queues; q; q = q->next) {
		if (on)
			static_branch_enable(&q->paused);
		else
			static_branch_disable(&q->paused);
	}
}

int cell(int i, int j)
{
	if (static_branch_unlikely(&grid[i][j].hot))
		return 1;
	return 0;
}

static int is_on(struct static_key_true *key)
{
	if (static_branch_likely(key))
		return 1;
	return 0;
}

static struct static_key_false *get_second(void)
{
	return &second;
}

int ask(int which)
{
	struct static_key_true *keys[] = { &first };

	if (which)
		return static_branch_unlikely(get_second()) ? 1 : 0;
	return is_on(&first) + (static_branch_likely(keys[0]) ? 10 : 0);
}
