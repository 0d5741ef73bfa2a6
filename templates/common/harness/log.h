/* SPDX-License-Identifier: MIT */
/*
 * The event log of the harness: what undefined functions were called with.
 *
 * A record is { u32 id; u32 size; size bytes }. The verifier empties the log
 * before each step and reads it afterwards.
 */
#ifndef H_LOG_H
#define H_LOG_H

#define H_LOG_SIZE	(1u << 18)
#define H_TEXT		0u	/* payload: a name, 0, and text: something was written or read */
#define H_HEAP_BLOCKS	4096u

typedef __SIZE_TYPE__ h_size;

/* A value's bytes that count: an 80-bit long double has 6 more that do not. */
#define H_LONG_DOUBLE_BYTES	(__LDBL_MANT_DIG__ == 64 ? 10u : (unsigned int)sizeof(long double))

extern unsigned char __h_log[H_LOG_SIZE];
extern unsigned int __h_log_used;
extern unsigned int __h_log_lost;

void __h_open(unsigned int id);
void __h_put(const void *bytes, h_size size);
void __h_close(void);
void __h_text(const char *name, const char *text, h_size size);

/* Logs the arguments that a printf format consumes, each as a tag and 8 or 16 bytes. */
void __h_put_varargs(const char *format, __builtin_va_list *args);

/* The verifier stops here: a recorder has recorded, or the program has ended itself. */
void __h_stop(void);
void __h_exit(void);

#endif /* H_LOG_H */
