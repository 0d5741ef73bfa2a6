/* A fault: what is done before anything starts, and what the program then does. */
#ifndef FAULTS_H
#define FAULTS_H

#include "inject.h"
#include "subject.h"

struct fault {
	const char *name;
	void (*early)(void);
	void (*run)(void);
};

/* Tables that end with a fault without a name. */
extern const struct fault policy_faults[], limit_faults[], byte_faults[], target_faults[],
	thread_faults[], table_faults[], load_faults[];

#endif
