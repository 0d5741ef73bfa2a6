#include "queue.h"

#include "tracer.h"

int queue_push(struct queue *queue, long item)
{
	if (queue->tail - queue->head == QUEUE_SIZE)
		return 0;
	PROBE(push, item);
	queue->items[queue->tail++ % QUEUE_SIZE] = item;
	return 1;
}

int queue_pop(struct queue *queue, long *item)
{
	if (queue->head == queue->tail)
		return 0;
	*item = queue->items[queue->head++ % QUEUE_SIZE];
	PROBE(pop, *item);
	return 1;
}
