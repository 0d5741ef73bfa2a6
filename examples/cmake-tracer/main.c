/* Runs one workload three times: untraced, with one probe on, with both. */
#include <stdio.h>

#include "queue.h"
#include "tracer.h"

static long workload(struct queue *queue)
{
	long sum = 0, item;

	for (long i = 1; i <= 3; i++)
		queue_push(queue, i * i);
	while (queue_pop(queue, &item))
		sum += item;
	return sum;
}

static void round_of(const char *title, struct queue *queue)
{
	unsigned int before = tracer_hits();
	long sum;

	printf("%s\n", title);
	sum = workload(queue);
	printf("  sum %ld, hits %u\n", sum, tracer_hits() - before);
}

int main(void)
{
	static struct queue queue;

	round_of("all probes off", &queue);
	tracer_switch("pop", 1);
	round_of("pop on", &queue);
	tracer_switch("push", 1);
	round_of("both on", &queue);
	tracer_switch("push", 0);
	tracer_switch("pop", 0);
	round_of("all off again", &queue);
	return 0;
}
