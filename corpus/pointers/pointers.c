#include <stddef.h>

#include <sc/static_call.h>

void visited(const int *entry);

int table[4] = { 10, 20, 30, 40 };
int log_position;

typedef int (*unary)(int);
typedef int compare_fn(const void *a, const void *b);

static int *find(int index)
{
    return index < 4 ? &table[index] : NULL;
}

static int *find_clamped(int index)
{
    index--;
    return &table[index < 3 ? index : 3];
}

static void mark(const volatile int *position)
{
    log_position += *position;
}

static void mark_twice(const volatile int *position)
{
    log_position += 2 * *position;
}

static int ascending(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static int descending(const void *a, const void *b)
{
    return ascending(b, a);
}

static void insertion_sort(int *first, size_t n, compare_fn *compare)
{
    size_t i, j;

    for (i = 1; i < n; i++) {
        for (j = i; j > 0 && compare(&first[j - 1], &first[j]) > 0; j--) {
            int tmp = first[j];

            first[j] = first[j - 1];
            first[j - 1] = tmp;
        }
    }
}

static int increment(int x)
{
    return x + 1;
}

static int negate(int x)
{
    return -x;
}

static unary choose(int which)
{
    return which ? increment : negate;
}

static unary choose_other(int which)
{
    return which ? negate : increment;
}

static int sum_row(const int (*row)[3])
{
    return (*row)[0] + (*row)[1] + (*row)[2];
}

static int ends_of_row(const int (*row)[3])
{
    return (*row)[0] + 2 * (*row)[1];
}

static const char *english(void)
{
    return "title";
}

static const char *german(void)
{
    return "Titel";
}

DEFINE_STATIC_CALL(finder, find);
DEFINE_STATIC_CALL(marker, mark);
DEFINE_STATIC_CALL(compare, ascending);
DEFINE_STATIC_CALL(sort, insertion_sort);
DEFINE_STATIC_CALL(chooser, choose);
DEFINE_STATIC_CALL(row, sum_row);
DEFINE_STATIC_CALL(translate, english);

int lookup(int index)
{
    int *entry = static_call(finder)(index);

    if (!entry)
        return -1;
    static_call(marker)(entry);
    return *entry;
}

static int through_key(const void *a, const void *b)
{
    return static_call(compare)(a, b);
}

int sorted_first(void)
{
    int copy[4] = { 30, 10, 40, 20 };

    static_call(sort)(copy, 4, through_key);
    return copy[0];
}

int apply(int x)
{
    return static_call(chooser)(1)(x);
}

int row_sum(void)
{
    static const int rows[2][3] = { { 9, 9, 9 }, { 1, 2, 3 } };

    return static_call(row)(&rows[1]);
}

const char *title(int unused)
{
    (void)unused;
    return static_call(translate)();
}

const int *address_of(int index)
{
    visited(static_call(finder)(index));
    return static_call(finder)(index + 1);
}

void use_other(void)
{
    static_call_update(finder, find_clamped);
    static_call_update(marker, mark_twice);
    static_call_update(compare, descending);
    static_call_update(chooser, choose_other);
    static_call_update(row, ends_of_row);
    static_call_update(translate, german);
}
