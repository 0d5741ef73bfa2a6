#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sc/static_call.h>
#include <sc/static_key.h>

static long count_words(const char *text, size_t length)
{
    long words = 0;
    int inside = 0;
    size_t i;

    for (i = 0; i < length; i++) {
        int blank = text[i] == ' ' || text[i] == '\n' || text[i] == '\t';

        if (!blank && !inside)
            words++;
        inside = !blank;
    }
    return words;
}

static long count_lines(const char *text, size_t length)
{
    long lines = 0;

    while (length-- > 0)
        lines += text[length] == '\n';
    return lines;
}

static long count_chars(const char *text, size_t length)
{
    (void)text;
    return (long)length;
}

DEFINE_STATIC_CALL(count, count_words);
DEFINE_STATIC_KEY_FALSE(verbose);

long count_text(const char *text)
{
    long n = static_call(count)(text, strlen(text));

    if (static_branch_unlikely(&verbose))
        fprintf(stdout, "%ld of \"%s\"\n", n, text);
    return n;
}

int choose(const char *option)
{
    if (strcmp(option, "-w") == 0)
        return static_call_update(count, count_words);
    if (strcmp(option, "-l") == 0)
        return static_call_update(count, count_lines);
    if (strcmp(option, "-c") == 0)
        return static_call_update(count, count_chars);
    if (strcmp(option, "-v") == 0) {
        static_branch_enable(&verbose);
        return 0;
    }
    fprintf(stderr, "wc: no option %s\n", option);
    return EXIT_FAILURE;
}

static long count_stream(FILE *stream)
{
    char line[256];
    long n = 0;

    while (fgets(line, sizeof(line), stream))
        n += count_text(line);
    return n;
}

int main(int argc, char **argv)
{
    int i;

    for (i = 1; i < argc; i++) {
        if (choose(argv[i]))
            return EXIT_FAILURE;
    }
    if (argc > 99)
        printf("%ld\n", count_stream(stdin));
    return EXIT_SUCCESS;
}
