/*
 * The launcher's front: what most command lines of a build need, without Python.
 *
 * It runs the compiler exactly as it was given and looks into what came out.
 * Where that came from the plain headers, and wherever anything about the
 * command line is not as plain as can be, Python takes over with the same words.
 * transformer/launcher/front.py compiles this, behind definitions of
 *
 *	FOLDER		what the plain headers' folder is called in a cache folder
 *	MARKER		the symbol that the plain headers leave in an object
 *	INSIDE		the variable that tells of a launcher around this one
 *	OWN, PREFIX	how the launcher's own variables and options start
 *	FILES		the names of configuration files
 *	HOLDS		see front_copy.c
 *	made_from	what it was made from, each with size and time of change
 *	rows		the compilers' options, the longest first, then a null
 *
 * Usage: front PYTHON CODE PACKAGE PROGRAM cc COMPILER ARGUMENT...
 *
 * front_copy.c, which follows, is for "rewrite".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { PYTHON = 1, CODE, PACKAGE, PROGRAM, CC, COMPILER };
enum { PATH_BYTES = 4096 };

static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
#define FORWARDED (sizeof(forwarded) / sizeof(forwarded[0]))

static void copy(char **arguments);

static volatile sig_atomic_t child, pending;
static char **words;

/*
 * Python does it all: "new" where this front is out of date, "passed" where the
 * command line is not for it, "compiled" where the compiler has done its part.
 */
static void python(const char *state)
{
	size_t count = 0;
	char **command;

	while (words[count])
		count++;
	command = calloc(count + 4, sizeof(*command));
	if (!command)
		_exit(1);
	command[0] = words[PYTHON];
	command[1] = "-IS";
	command[2] = "-c";
	command[3] = words[CODE];
	command[4] = words[PACKAGE];
	command[5] = (char *)state;
	memcpy(command + 6, words + PROGRAM, (count - PROGRAM) * sizeof(*command));
	execv(words[PYTHON], command);
	fprintf(stderr, "sc-transform: %s: %s\n", words[PYTHON], strerror(errno));
	_exit(126);
}

static int starts(const char *word, const char *with)
{
	return !strncmp(word, with, strlen(with));
}

static int ends(const char *word, const char *with)
{
	size_t length = strlen(word), tail = strlen(with);

	return length > tail && !strcmp(word + length - tail, with);
}

/* Whether all that this program was made from is as it was then. */
static int current(void)
{
	struct stat status;

	for (size_t i = 0; i < sizeof(made_from) / sizeof(made_from[0]); i++)
		if (stat(made_from[i].path, &status) ||
		    (long long)status.st_size != made_from[i].size ||
		    status.st_mtim.tv_sec * 1000000000LL + status.st_mtim.tv_nsec !=
			    made_from[i].changed)
			return 0;
	return 1;
}

/* The plain headers in a cache folder that is the user's own; the folders are those of state.py. */
static int headers(char *path)
{
	const char *named = getenv("SC_CACHE"), *home = getenv("XDG_CACHE_HOME");
	const char *temporary = getenv("TMPDIR");
	char file[PATH_BYTES + 16], folders[2][PATH_BYTES];
	struct stat status;

	folders[0][0] = 0;
	if (named && *named)
		snprintf(folders[0], PATH_BYTES, "%s", named);
	else if (home && *home)
		snprintf(folders[0], PATH_BYTES, "%s/sc-transform", home);
	else if ((home = getenv("HOME")) && *home)
		snprintf(folders[0], PATH_BYTES, "%s/.cache/sc-transform", home);
	if (!temporary || !*temporary)
		temporary = "/tmp";
	snprintf(folders[1], PATH_BYTES, "%s/sc-transform-%u", temporary, (unsigned)getuid());
	for (int i = 0; i < 2; i++) {
		if (folders[i][0] != '/' ||
		    snprintf(path, PATH_BYTES, "%s/" FOLDER, folders[i]) >= PATH_BYTES)
			continue;
		snprintf(file, sizeof(file), "%s/sc/types.h", path);
		if (!stat(path, &status) && status.st_uid == getuid() && !access(file, R_OK))
			return 1;
	}
	return 0;
}

/* Whether a setting of the launcher's own may be meant for this command line. */
static int variables(void)
{
	for (char **variable = environ; *variable; variable++)
		if (starts(*variable, OWN) || starts(*variable, "SC_TEMPLATES="))
			return 1;
	return 0;
}

/* Whether a configuration lies beside the source or above it. */
static int configured(const char *source)
{
	static const char *const files[] = { FILES };
	char folder[2 * PATH_BYTES], file[2 * PATH_BYTES + 32], *at, *part, *save = NULL;
	char given[PATH_BYTES];

	folder[0] = 0;
	if (*source != '/' && !getcwd(folder, PATH_BYTES))
		return 1;
	if (strlen(source) >= PATH_BYTES)
		return 1;
	strcpy(given, source);
	at = strrchr(given, '/');
	if (at)
		*at = 0;
	else
		given[0] = 0;
	for (part = strtok_r(given, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		if (!strcmp(part, ".."))
			*((at = strrchr(folder, '/')) ? at : folder) = 0;
		else if (strcmp(part, "."))
			sprintf(folder + strlen(folder), "/%s", part);
	}
	for (;;) {
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
			snprintf(file, sizeof(file), "%s/%s", folder, files[i]);
			if (!access(file, F_OK))
				return 1;
		}
		at = strrchr(folder, '/');
		if (!at)
			return 0;
		*at = 0;
	}
}

/* The row of an option: a whole word first, then the longest that starts it; NULL if none. */
static const struct row *row_of(const char *word)
{
	const struct row *row;

	for (row = rows; row->name; row++)
		if (row->form != ASSIGNED && !strcmp(word, row->name))
			return row;
	for (row = rows; row->name; row++)
		if ((row->form == JOINED || row->form == EITHER || row->form == ASSIGNED) &&
		    starts(word, row->name))
			return row;
	return NULL;
}

struct command {
	const char *source, *output;
	int object, alone, link_only;
};

/* Takes a command line apart; returns whether it is of the plain kind. */
static int parse(char **arguments, struct command *command)
{
	for (; *arguments; arguments++) {
		const char *word = *arguments, *value;
		const struct row *row;

		if (word[0] != '-') {
			if (word[0] == '@' || !ends(word, ".c") || ends(word, "/.c") || command->source)
				return 0;
			command->source = word;
			continue;
		}
		if (!word[1] || !strcmp(word, "--") || starts(word, PREFIX))
			return 0;
		row = row_of(word);
		if (!row)
			continue;
		value = word + strlen(row->name);
		if (!*value && (row->form == SEPARATE || row->form == EITHER))
			value = *++arguments;
		if (!value || value[0] == '@')
			return 0;
		switch (row->kind) {
		case HARMLESS:
			break;
		case OBJECT:
			command->object = 1;
			break;
		case ALONE:
			command->alone = 1;
			break;
		case LINKING:
			command->link_only = 1;
			break;
		case OUTPUT:
			command->output = value;
			break;
		default:
			return 0;
		}
	}
	if (!command->source)
		return 0;
	if (command->output && (!strcmp(command->output, "-") || starts(command->output, "/dev/")))
		return 0;
	return command->alone || command->object || !command->link_only;
}

static void arrived(int number)
{
	pending = number;
	if (child > 0)
		kill(child, number);
}

/* Ends by a signal as the compiler did, without a second core file. */
static void die(int number)
{
	const struct rlimit none = { 0, 0 };
	sigset_t only;

	setrlimit(RLIMIT_CORE, &none);
	signal(number, SIG_DFL);
	sigemptyset(&only);
	sigaddset(&only, number);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
	raise(number);
	_exit(128 + number);
}

/*
 * Runs the compiler to its end; any signal that may end a build waits until the
 * process is there to get it, and is blocked again when this returns.  Returns
 * -1 if it could not be started, else its exit status.
 */
static int run(char **command, const sigset_t *signals, const sigset_t *before)
{
	struct sigaction action = { .sa_handler = arrived }, old;
	posix_spawnattr_t attributes;
	pid_t process;
	int status;

	for (size_t i = 0; i < FORWARDED; i++)
		if (!sigaction(forwarded[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(forwarded[i], &action, NULL);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attributes, before);
	if (posix_spawnp(&process, command[0], NULL, &attributes, command, environ))
		return -1;
	child = process;
	sigprocmask(SIG_SETMASK, before, NULL);
	while (waitpid(process, &status, 0) < 0)
		if (errno != EINTR)
			_exit(1);
	sigprocmask(SIG_BLOCK, signals, NULL);
	child = 0;
	if (pending)
		die(pending);
	if (WIFSIGNALED(status))
		die(WTERMSIG(status));
	return WEXITSTATUS(status);
}

/* Whether a regular file holds the symbol; what cannot be read holds nothing. */
static int marked(const char *path)
{
	struct stat status;
	int found = 0, file = open(path, O_RDONLY | O_CLOEXEC);
	char *data;

	if (file < 0)
		return 0;
	if (!fstat(file, &status) && S_ISREG(status.st_mode) && status.st_size) {
		data = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
		found = data == MAP_FAILED || memmem(data, status.st_size, MARKER, strlen(MARKER));
	}
	close(file);
	return found;
}

/* Where the compiler puts an object that has no name: the source's, here. */
static const char *object_of(const char *source)
{
	const char *slash = strrchr(source, '/');
	char *name = strdup(slash ? slash + 1 : source);

	if (!name)
		_exit(1);
	name[strlen(name) - 1] = 'o';
	return name;
}

int main(int count, char **given)
{
	char folder[PATH_BYTES], *both, *path = getenv("CPATH");
	struct command command = { 0 };
	sigset_t signals, before;
	const char *output;
	int status;

	words = given;
	if (count == 1) {
		puts("sc-transform");	/* it runs on this machine */
		return 0;
	}
	if (count <= CC || !current())
		python("new");
	if (!strcmp(words[CC], "rewrite")) {
		copy(words + CC + 1);
		python("passed");
	}
	if (count <= COMPILER)
		python("new");
	if (words[COMPILER][0] == '-' || variables() || !parse(words + COMPILER + 1, &command) ||
	    configured(command.source) || !headers(folder))
		python("passed");
	sigemptyset(&signals);
	for (size_t i = 0; i < FORWARDED; i++)
		sigaddset(&signals, forwarded[i]);
	sigprocmask(SIG_BLOCK, &signals, &before);
	for (size_t i = 0; i < FORWARDED; i++)
		if (sigismember(&before, forwarded[i])) {
			sigprocmask(SIG_SETMASK, &before, NULL);
			python("passed");
		}
	if (asprintf(&both, "%s%s%s", path ? path : "", path && *path ? ":" : "", folder) < 0)
		_exit(1);
	setenv("CPATH", both, 1);
	setenv(INSIDE, words[COMPILER], 1);
	if (command.alone) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		execvp(words[COMPILER], words + COMPILER);
		status = -1;
	} else {
		status = run(words + COMPILER, &signals, &before);
	}
	if (status >= 0) {
		output = command.output ? command.output :
			 command.object ? object_of(command.source) : "a.out";
		if (status || !marked(output))
			_exit(status);
	}
	path ? setenv("CPATH", path, 1) : unsetenv("CPATH");
	unsetenv(INSIDE);
	if (status >= 0)
		python("compiled");	/* the signals wait until it is ready for them */
	sigprocmask(SIG_SETMASK, &before, NULL);
	python("passed");	/* it finds out why this cannot be run, and says so */
}
