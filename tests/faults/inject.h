/*
 * Faults that the kernel makes: system calls that are refused, or stopped at,
 * by a seccomp filter. Which way the runtime calls the kernel plays no part.
 */
#ifndef INJECT_H
#define INJECT_H

/* The calls that a runtime for text needs; each is counted in its own right. */
enum call { OPEN_TEXT, CLOSE_TEXT, PUBLISH, SYNCHRONISE, REGISTER, CALLS };

/* Watches the process's calls from now on: to be called before other threads exist. */
void watch_calls(void);

/* How many calls there were since the last plan. */
int seen_calls(enum call call);

/* From the k-th call on (the first is 1), so many of them are refused with this errno. */
void refuse_calls(enum call call, int k, int many, int error);
#define FOREVER 1000000000

/* The hook is called where the k-th call would be executed, which then is. */
void stop_at_call(enum call call, int k, void (*hook)(void));

/* Nothing is refused, nothing stopped at. */
void no_faults(void);

/* Text as it is mapped: how many mappings are writable and executable; how many bytes can be executed. */
int writable_text(void);
unsigned long executable_bytes(void);

#endif
