/* A ring of numbers, with a probe at each end. */
#ifndef QUEUE_H
#define QUEUE_H

#define QUEUE_SIZE 64

struct queue {
	long items[QUEUE_SIZE];
	unsigned int head, tail;
};

int queue_push(struct queue *queue, long item);		/* 0: it is full */
int queue_pop(struct queue *queue, long *item);		/* 0: it is empty */

#endif
