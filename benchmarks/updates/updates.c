/*
 * How long an update takes, against what it cannot do without: one mprotect
 * pair over the pages that it changes, one plain store for each unit of code,
 * one membarrier that makes all cores fetch anew.
 *
 * What an update changes is found out by comparing the program's text before
 * and after, so the bare stores are those of the update, to the same places and
 * with the same values, in both directions. Update and bare cost take turns,
 * and the same threads call through all sites meanwhile; a turn during which
 * none of them got a processor is taken again.
 *
 *	updates THREADS ROUNDS		one line for each round and subject:
 *					name, nanoseconds of the update, of the bare
 *					cost, each the mean of there and back
 *	updates THREADS rate SECONDS	one line for each subject: name, keys a second
 *	updates 0 alone SUBJECT COUNT	updates and nothing else, for a profiler
 */
#define _GNU_SOURCE
#include <link.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "updates.h"

typedef CODE_UNIT unit;			/* what one store changes */

struct change {
	unit *at;
	unit value[2];			/* with target_a, with target_b */
};

struct bare {
	struct change *changes;
	unsigned long count;
	char *pages;			/* the smallest range of pages that holds them */
	unsigned long size;
};

static struct {
	unit *start;
	unsigned long count;
} text;

/* A thread that calls, and how many pieces it has called. */
static struct caller {
	pthread_t thread;
	long result;
	unsigned long pieces __attribute__((__aligned__(128)));
} callers[16];
static int caller_count;
static int stop;

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "updates: %s\n", what);
	exit(1);
}

/* The program's own executable segment; dl_iterate_phdr() names the program first. */
static int find_text(struct dl_phdr_info *object, size_t size, void *data)
{
	int i;

	(void)size;
	(void)data;
	for (i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];

		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
			continue;
		text.start = (unit *)((object->dlpi_addr + segment->p_vaddr + sizeof(unit) - 1) &
				      ~(sizeof(unit) - 1));
		text.count = segment->p_memsz / sizeof(unit) - 1;
	}
	return 1;
}

static unit *copy_of_text(void)
{
	unit *copy = malloc(text.count * sizeof(unit));

	if (!copy)
		fail("no memory");
	return memcpy(copy, text.start, text.count * sizeof(unit));
}

/* Updates there and back, and keeps what that changes. */
static void learn(const struct subject *subject, struct bare *bare)
{
	unsigned long i, page = (unsigned long)sysconf(_SC_PAGESIZE);
	unit *with_a, *with_b;

	subject->update(0);
	with_a = copy_of_text();
	subject->update(1);
	with_b = copy_of_text();
	subject->update(0);
	if (subject->call(0) != subject->sites)
		fail("a site does not go where it should");
	bare->changes = malloc(text.count * sizeof(*bare->changes));
	if (!bare->changes)
		fail("no memory");
	for (i = 0; i < text.count; i++)
		if (with_a[i] != with_b[i])
			bare->changes[bare->count++] =
				(struct change){ text.start + i, { with_a[i], with_b[i] } };
	free(with_a);
	free(with_b);
	if (bare->count < subject->sites)
		return;			/* not patched: there is no bare cost */
	bare->pages = (char *)((unsigned long)bare->changes[0].at & ~(page - 1));
	bare->size = (unsigned long)((char *)(bare->changes[bare->count - 1].at + 1) - bare->pages);
}

static void write_bare(const struct bare *bare, int to_b)
{
	unsigned long i;

	if (mprotect(bare->pages, bare->size, PROT_READ | PROT_WRITE | PROT_EXEC))
		fail("mprotect is refused");
	for (i = 0; i < bare->count; i++)
		*(volatile unit *)bare->changes[i].at = bare->changes[i].value[to_b];
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0))
		fail("membarrier is refused");
	if (mprotect(bare->pages, bare->size, PROT_READ | PROT_EXEC))
		fail("mprotect is refused");
}

/* Calls through all sites, over and over. */
static void *call(void *data)
{
	struct caller *caller = data;
	long value = 0;
	unsigned int i;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		for (i = 0; i < piece_count; i++) {
			value = pieces[i](value);
			__atomic_store_n(&caller->pieces, caller->pieces + 1, __ATOMIC_RELAXED);
		}
	caller->result = value;
	return 0;
}

static unsigned long called(void)
{
	unsigned long sum = 0;
	int i;

	for (i = 0; i < caller_count; i++)
		sum += __atomic_load_n(&callers[i].pieces, __ATOMIC_RELAXED);
	return sum;
}

/* One turn; 0 where nobody called during one of its four parts, though somebody should. */
static int turn(const struct subject *subject, const struct bare *bare, long long *update,
		long long *alone)
{
	unsigned long before = called(), after;
	long long start, spent[4];
	int part, busy = 1;

	for (part = 0; part < 4; part++) {
		int to_b = part < 2;

		start = now();
		if (part % 2) {
			write_bare(bare, !to_b);
			write_bare(bare, to_b);
		} else {
			subject->update(to_b);
		}
		spent[part] = now() - start;
		after = called();
		busy &= after != before || !caller_count;
		before = after;
	}
	*update = (spent[0] + spent[2]) / 2;
	*alone = (spent[1] + spent[3]) / 4;
	return busy;
}

/* On a machine that is busy with other things there may be fewer rounds, or none. */
static void measure(const struct bare *bares, int rounds)
{
	long long end = now() + (caller_count ? 20000000000ll : 1ll << 60);
	int round;
	unsigned int i;

	for (round = 0; round < rounds; round++)
		for (i = 0; i < subject_count; i++) {
			long long update, alone;

			if (!bares[i].pages)
				continue;
			while (!turn(&subjects[i], &bares[i], &update, &alone)) {
				if (now() > end)
					return;
				usleep(300);
			}
			printf("%s %lld %lld\n", subjects[i].name, update, alone);
		}
}

static void rate(double seconds)
{
	unsigned int i, n;

	for (i = 0; i < subject_count; i++) {
		long long start = now(), end = start + (long long)(seconds * 1e9), at;
		unsigned long count = 0;

		do {
			for (n = 0; n < 32; n++)
				subjects[i].update(n & 1);
			count += n;
			at = now();
		} while (at < end);
		printf("%s %.0f\n", subjects[i].name,
		       (double)count * subjects[i].keys / ((double)(at - start) / 1e9));
	}
}

static void alone(const char *name, int count)
{
	unsigned int i;

	for (i = 0; i < subject_count; i++)
		if (!strcmp(subjects[i].name, name))
			while (count-- > 0)
				subjects[i].update(count & 1);
}

int main(int argc, char **argv)
{
	static struct bare bares[16];
	int i;

	if (argc < 3)
		fail("how many threads, and how many rounds?");
	if (argc == 5) {
		alone(argv[3], atoi(argv[4]));
		return 0;
	}
	syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0);
	dl_iterate_phdr(find_text, 0);
	for (i = 0; i < (int)subject_count; i++)
		learn(&subjects[i], &bares[i]);
	for (i = 0; i < atoi(argv[1]); i++, caller_count++)
		if (pthread_create(&callers[i].thread, 0, call, &callers[i]))
			fail("no thread");
	for (i = 0; i < caller_count; i++)
		while (!__atomic_load_n(&callers[i].pieces, __ATOMIC_RELAXED))
			usleep(1000);
	if (argc == 4)
		rate(atof(argv[3]));
	else
		measure(bares, atoi(argv[2]));
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < caller_count; i++)
		pthread_join(callers[i].thread, 0);
	return 0;
}
