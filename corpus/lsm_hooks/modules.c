#include <string.h>

#include "hooks.h"

void audit_record(const char *path, int uid);

int audit_count;

static int cap_file_open(const char *path, int uid)
{
	return uid && strcmp(path, "/etc/shadow") == 0 ? -1 : 0;
}

static int path_file_open(const char *path, int uid)
{
	(void)uid;
	return strncmp(path, "/proc/", 6) ? 0 : -13;
}

static void path_task_exit(int uid)
{
	audit_record("exit", uid);
}

static int audit_file_open(const char *path, int uid)
{
	audit_count++;
	audit_record(path, uid);
	return 0;
}

static void audit_task_exit(int uid)
{
	audit_count += uid;
}

static const struct lsm capability = { .file_open = cap_file_open };
static const struct lsm path = { .file_open = path_file_open, .task_exit = path_task_exit };
static const struct lsm audit = { .file_open = audit_file_open, .task_exit = audit_task_exit };

int load_capability(void)
{
	return security_add(&capability);
}

int load_path(void)
{
	return security_add(&path);
}

int load_audit(void)
{
	return security_add(&audit);
}

void unload(int slot)
{
	security_remove(slot);
}

int try_open(const char *name, int uid)
{
	return security_file_open(name, uid);
}

void try_exit(int uid)
{
	security_task_exit(uid);
}
