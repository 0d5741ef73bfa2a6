/* No memory: neither address space nor writable memory nor mappings are to be had. */
#include "faults.h"

#include <limits.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* The kernel's word on this process, in pages: field 0 is its size, 5 its writable memory. */
static unsigned long used_pages(int field)
{
	unsigned long value = 0;
	FILE *statm = fopen("/proc/self/statm", "r");

	while (statm && fscanf(statm, "%lu", &value) == 1 && field-- > 0)
		;
	fclose(statm);
	return value;
}

static void limit(int resource, unsigned long bytes)
{
	struct rlimit limits = { bytes, RLIM_INFINITY };

	if (setrlimit(resource, &limits))
		failed("setrlimit", "errno %d", errno);
}

/* Updates need no memory of their own. */
static void no_address_space(void)
{
	limit(RLIMIT_AS, used_pages(0) * (unsigned long)sysconf(_SC_PAGESIZE));
	if (mmap(0, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		failed("limit", "there is memory");
	all_is_well("without memory");
	if (static_call_synchronize())
		failed("without memory", "static_call_synchronize() failed");
	limit(RLIMIT_AS, RLIM_INFINITY);
	all_is_well("with memory");
}

static void forbid_writable(void)
{
	limit(RLIMIT_DATA, 4096);
}

static void forbid_address_space(void)
{
	limit(RLIMIT_AS, used_pages(0) * (unsigned long)sysconf(_SC_PAGESIZE));
}

static void no_address_space_from_start(void)
{
	if (sc_protection() != best_level())
		failed("without memory", "the level is %d", sc_protection());
	all_is_well("without memory");
}

/* Text that is to be written counts as data, and there may be no more of that. */
static void no_writable_from_start(void)
{
	if (sc_protection() != SC_SLOT || !logged())
		failed("without memory", "the level is %d", sc_protection());
	calls_are_well("without memory");
	ALLOW(-EACCES);
	if (set_on(0) != -EACCES || set_batch(0) != -EACCES)
		failed("without memory", "a guard was switched");
}

/* As many pages may be opened as are given: the batch fails at each place in turn. */
static void no_writable_later(void)
{
	unsigned long page = (unsigned long)sysconf(_SC_PAGESIZE), used, more;
	int way = 0, refused = 0, enough = 0;

	all_is_well("before");
	used = used_pages(5);			/* the stack's among them, which do not count */
	for (more = 0; enough < 2 && more < used + 200; more++) {
		limit(RLIMIT_DATA, (more + 1) * page);
		ALLOW(-ENOMEM);
		if (set_batch(way)) {
			refused++;
		} else {
			way = !way;
			enough++;
		}
		if (writable_text())
			failed("limit", "%d mappings are left writable", writable_text());
		limit(RLIMIT_DATA, RLIM_INFINITY);
	}
	if (!refused || !enough)
		failed("limit", "%d batches were refused, %d done", refused, enough);
	all_is_well("with memory");
}

/*
 * The process has as many mappings as it may have, but for a few: protecting
 * some pages in the midst of others splits one.
 */
static void no_mappings(void)
{
	unsigned long page = (unsigned long)sysconf(_SC_PAGESIZE), many = 70000, at;
	char *area = mmap(0, many * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			  -1, 0);
	int way = 0, refused = 0, enough = 0, round;

	all_is_well("before");
	for (at = 1; at < many && !mprotect(area + at * page, page, PROT_NONE); at += 2)
		;
	if (at >= many)
		exit(77);
	for (round = 0; round < 40 && enough < 2; round++) {
		ALLOW(-ENOMEM);
		if (set_integer(way ? two : three)) {
			refused++;
		} else {
			way = !way;
			enough++;
		}
		if (round % 2)
			munmap(area + round / 2 * page, page);
	}
	munmap(area, many * page);
	if (!refused || !enough)
		failed("limit", "%d batches were refused, %d done", refused, enough);
	if (writable_text())
		failed("limit", "%d mappings are left writable", writable_text());
	all_is_well("with mappings");
}

/* What asks the system about threads may need a file: an error then, or the truth. */
static void no_files(void)
{
	struct rlimit before, none;
	int error;

	getrlimit(RLIMIT_NOFILE, &before);
	none = (struct rlimit){ 0, before.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	all_is_well("without files");
	error = static_call_synchronize_timeout(1000);
	if (error && error != -EMFILE && error != -ETIMEDOUT)
		failed("without files", "static_call_synchronize_timeout() returned %d", error);
	setrlimit(RLIMIT_NOFILE, &before);
	if (static_call_synchronize())
		failed("with files", "static_call_synchronize() failed");
}

static void *all_on_a_small_stack(void *data)
{
	(void)data;
	set_batch(0);
	set_integer(two);
	set_integer(three);
	set_batch(1);
	return 0;
}

static void small_stack(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN);
	if (pthread_create(&thread, &attributes, all_on_a_small_stack, 0))
		failed("a small stack", "no thread");
	else
		pthread_join(thread, 0);
	all_is_well("afterwards");
}

const struct fault limit_faults[] = {
	{ "no-address-space", 0, no_address_space },
	{ "no-address-space-from-start", forbid_address_space, no_address_space_from_start },
	{ "no-writable-memory-from-start", forbid_writable, no_writable_from_start },
	{ "no-writable-memory-later", 0, no_writable_later },
	{ "no-mappings", 0, no_mappings },
	{ "no-files", 0, no_files },
	{ "small-stack", 0, small_stack },
	{ 0, 0, 0 },
};
