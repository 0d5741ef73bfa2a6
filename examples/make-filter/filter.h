/* A packet filter whose rule can be replaced while packets run through it. */
#ifndef FILTER_H
#define FILTER_H

#include <stddef.h>
#include <stdint.h>

struct packet {
	uint32_t from;
	uint16_t port;
	uint16_t size;
};

int filter_rule(const char *name);	/* -1: no such rule */
size_t filter_run(const struct packet *packets, size_t count);

#endif
