/* SPDX-License-Identifier: MIT */
/* The event log: see log.h. Also what the plain build's dynamic functions are switched to. */
#include "log.h"
#include "hooks.h"

unsigned char __h_log[H_LOG_SIZE] __attribute__((__aligned__(16)));
unsigned int __h_log_used;
unsigned int __h_log_lost;
static unsigned int h_record;	/* where the open record starts */

void __h_put(const void *bytes, h_size size)
{
	const unsigned char *from = bytes;

	if (size > H_LOG_SIZE - __h_log_used) {
		__h_log_lost++;
		return;
	}
	for (h_size i = 0; i < size; i++)
		__h_log[__h_log_used + i] = from[i];
	__h_log_used += (unsigned int)size;
}

void __h_open(unsigned int id)
{
	unsigned int size = 0;

	h_record = __h_log_used;
	__h_put(&id, sizeof(id));
	__h_put(&size, sizeof(size));
}

void __h_close(void)
{
	unsigned int size = __h_log_used - h_record - 8;

	for (unsigned int i = 0; i < sizeof(size); i++)
		__h_log[h_record + 4 + i] = ((unsigned char *)&size)[i];
}

void __h_text(const char *name, const char *text, h_size size)
{
	h_size length = 0;

	while (name[length])
		length++;
	__h_open(H_TEXT);
	__h_put(name, length + 1);
	__h_put(text, size);
	__h_close();
}

/* hooks.h: each has a body of its own, so that no two are one function. */
__attribute__((__noinline__)) void __h_lock(void)
{
	__asm__ volatile("" : : "i"(1));
}

__attribute__((__noinline__)) void __h_unlock(void)
{
	__asm__ volatile("" : : "i"(2));
}

__attribute__((__noinline__)) void __h_publish(void)
{
	__asm__ volatile("" : : "i"(3));
}

__attribute__((__noinline__)) void __h_sync(void)
{
	__asm__ volatile("" : : "i"(4));
}

__attribute__((__noinline__)) void __h_stop(void)
{
	__asm__ volatile("");
}

__attribute__((__noinline__)) void __h_exit(void)
{
	for (;;)
		__asm__ volatile("");
}

/* Many calls in a row: each must enter the target whose count this is, once. */
volatile unsigned int *volatile __h_batch_entered;
void (*volatile __h_batch_call)(void);
unsigned int __h_batch_calls;
unsigned int __h_batch_wrong;

void __h_batch(void);
void __h_batch(void)
{
	volatile unsigned int *entered = __h_batch_entered;
	void (*call)(void) = __h_batch_call;
	unsigned int wrong = 0;

	for (unsigned int i = __h_batch_calls; i; i--) {
		unsigned int before = *entered;

		call();
		wrong += *entered != before + 1;
	}
	__h_batch_wrong = wrong;
}

/* What SC_DYNAMIC's functions are switched to; the verifier reads it at their entries. */
struct h_switch {
	void *function;
	unsigned long off;
} __h_switches[64];

int sc_plain_dynamic(void *function, int on);
int sc_plain_dynamic(void *function, int on)
{
	for (unsigned int i = 0; i < 64; i++) {
		struct h_switch *entry = &__h_switches[i];

		if (entry->function && entry->function != function)
			continue;
		entry->function = function;
		entry->off = !on;
		return 0;
	}
	return -28;
}

/* --- what a printf format consumes --- */

enum h_length { H_INT, H_LONG, H_LONG_LONG, H_LONG_DOUBLE };

static void h_tagged(char tag, const void *bytes, h_size size)
{
	__h_put(&tag, 1);
	__h_put(bytes, size);
}

static void h_put_integer(enum h_length length, __builtin_va_list *args)
{
	long long value;

	if (length == H_LONG_LONG)
		value = __builtin_va_arg(*args, long long);
	else if (length == H_LONG)
		value = __builtin_va_arg(*args, long);
	else
		value = __builtin_va_arg(*args, int);
	h_tagged('i', &value, sizeof(value));
}

static void h_put_floating(enum h_length length, __builtin_va_list *args)
{
	if (length == H_LONG_DOUBLE) {
		long double value = __builtin_va_arg(*args, long double);

		h_tagged('L', &value, H_LONG_DOUBLE_BYTES);
	} else {
		double value = __builtin_va_arg(*args, double);

		h_tagged('d', &value, sizeof(value));
	}
}

static void h_put_conversion(char conversion, enum h_length length, __builtin_va_list *args)
{
	void *pointer;

	switch (conversion) {
	case 'd': case 'i': case 'u': case 'o': case 'x': case 'X': case 'c':
		h_put_integer(length, args);
		break;
	case 'e': case 'E': case 'f': case 'F': case 'g': case 'G': case 'a': case 'A':
		h_put_floating(length, args);
		break;
	case 's': case 'p': case 'n':
		pointer = __builtin_va_arg(*args, void *);
		h_tagged(conversion == 's' ? 's' : 'p', &pointer, sizeof(pointer));
		break;
	default:
		break;
	}
}

void __h_put_varargs(const char *format, __builtin_va_list *args)
{
	for (; format && *format; format++) {
		enum h_length length = H_INT;

		if (*format != '%')
			continue;
		for (format++; *format; format++) {
			if (*format == 'l')
				length = length == H_LONG ? H_LONG_LONG : H_LONG;
			else if (*format == 'z' || *format == 't')
				length = H_LONG;
			else if (*format == 'j')
				length = H_LONG_LONG;
			else if (*format == 'L')
				length = H_LONG_DOUBLE;
			else if (*format == '*')
				h_put_integer(H_INT, args);
			else if (!(*format >= '0' && *format <= '9') && *format != '-' &&
				 *format != '+' && *format != ' ' && *format != '#' &&
				 *format != '.' && *format != 'h')
				break;
		}
		if (!*format)
			return;
		h_put_conversion(*format, length, args);
	}
}
