#ifndef HOOKS_H
#define HOOKS_H

#define LSM_SLOTS(X, ...) X(0, __VA_ARGS__) X(1, __VA_ARGS__) X(2, __VA_ARGS__)
#define NR_LSM_SLOTS 3

struct lsm {
	int (*file_open)(const char *path, int uid);
	void (*task_exit)(int uid);
};

int security_add(const struct lsm *lsm);
void security_remove(int slot);
int security_file_open(const char *path, int uid);
void security_task_exit(int uid);

#endif
