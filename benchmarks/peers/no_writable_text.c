/*
 * Runs a program in which the system refuses to make what is executable
 * writable, or the reverse (PR_SET_MDWE, Linux 6.3).
 */
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
# define PR_SET_MDWE 65
#endif

int main(int argc, char **argv)
{
	if (argc < 2 || prctl(PR_SET_MDWE, 1L, 0L, 0L, 0L))
		return 12;	/* NOT_TESTED */
	execv(argv[1], argv + 1);
	perror(argv[1]);
	return 12;
}
