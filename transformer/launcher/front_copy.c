/*
 * The front's second half: "rewrite" of a unit of Linux without an idiom.
 *
 * Most units have none, and their result is a copy.  What is taken here is
 * taken as transformer/cli/quick_rewrite.py takes it; all else is Python's.
 * HOLDS are the words of which one stands in every idiom.
 *
 * Usage: front PYTHON CODE PACKAGE PROGRAM rewrite WORD...
 */
static const char *const idle[] = { "--no-check", "--left" };
static const char *const valued[] = { "-o", "--profile", "--cc", "-I", "-D" };
enum { COPY, PROFILE, NAMED_CC, REPEATED, VALUED = sizeof(valued) / sizeof(valued[0]) };

static int among(const char *word, const char *const *list, int count)
{
	int i = 0;

	while (i < count && strcmp(word, list[i]))
		i++;
	return i;
}

/* The file and its copy; returns whether the command line is of the plainest kind. */
static int copy_parse(char **arguments, const char **source, const char **copy)
{
	const char *given[VALUED] = { 0 };

	for (; *arguments && strcmp(*arguments, "--"); arguments++) {
		const char *word = *arguments, **place = source;

		if (*word == '-') {
			int option = among(word, valued, VALUED);

			if (!among(word, idle, 1) || !among(word, idle + 1, 1))
				continue;
			if (option == VALUED || !*++arguments)
				return 0;
			word = *arguments;
			place = &given[option];
			if (option >= REPEATED)
				*place = NULL;
		}
		if (*place || !*word || *word == '-')
			return 0;
		*place = word;
	}
	*copy = given[COPY];
	return *source && *copy && ends(*source, ".c") && !strstr(*source, "..") &&
	       given[PROFILE] && !strcmp(given[PROFILE], "linux");
}

static int holds(const char *text, size_t size)
{
	static const char *const words[] = { HOLDS };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (memmem(text, size, words[i], strlen(words[i])))
			return 1;
	return 0;
}

/* The same in text whose lines are joined where a backslash ends them; blanks may follow it. */
static int may_hold(const char *text, size_t size)
{
	const char *end = text + size, *at, *line;
	char *joined, *to;
	int found;

	if (holds(text, size))
		return 1;
	at = memchr(text, '\\', size);
	if (!at)
		return 0;
	joined = to = malloc(size);
	if (!joined)
		return 1;
	memcpy(to, text, at - text);
	to += at - text;
	while (at < end) {
		if (*at == '\\') {
			line = at + 1;
			while (line < end && (*line == ' ' || *line == '\t'))
				line++;
			if (end - line > 1 && line[0] == '\r' && line[1] == '\n')
				line++;
			if (line < end && *line == '\n') {
				at = line + 1;
				continue;
			}
		}
		*to++ = *at++;
	}
	found = holds(joined, to - joined);
	free(joined);
	return found;
}

/* A whole new file in the place of the old; returns whether it could be. */
static int copied(const char *path, const char *data, size_t size, int there, mode_t mode)
{
	char fresh[PATH_BYTES];
	int file, done;

	if (snprintf(fresh, sizeof(fresh), "%s.%d.tmp", path, (int)getpid()) >= (int)sizeof(fresh))
		return 0;
	file = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (file < 0)
		return 0;
	done = !there || !fchmod(file, mode & 07777);
	while (done && size) {
		ssize_t written = write(file, data, size);

		done = written > 0;
		data += done ? written : 0;
		size -= done ? written : 0;
	}
	done = !close(file) && done && !rename(fresh, path);
	if (!done)
		unlink(fresh);
	return done;
}

/* Ends the process where a unit is copied; returns where it is Python's. */
static void copy(char **arguments)
{
	const char *source = NULL, *path;
	struct stat status, old;
	sigset_t signals;
	char *data = "";
	int file, there;

	if (variables() || !copy_parse(arguments, &source, &path) || configured(source))
		return;
	there = !lstat(path, &old);
	if (there ? !S_ISREG(old.st_mode) : errno != ENOENT)
		return;
	file = open(source, O_RDONLY | O_CLOEXEC);
	if (file < 0 || fstat(file, &status) || !S_ISREG(status.st_mode))
		return;
	if (status.st_size)
		data = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
	if (data == MAP_FAILED || may_hold(data, status.st_size))
		return;
	signal(SIGXFSZ, SIG_IGN);	/* as Python has it: it tells of files that are too large */
	sigfillset(&signals);
	sigprocmask(SIG_BLOCK, &signals, &signals);	/* none leaves half a file */
	if (copied(path, data, status.st_size, there, old.st_mode))
		_exit(0);
	sigprocmask(SIG_SETMASK, &signals, NULL);
}
