/* No idiom here, and no header of sc-transform. */
int trim(int n);

typedef int (*trim_fn)(int n);

static trim_fn volatile choice = trim;

int from_afar(int n)
{
    return trim(n);
}

int by_pointer(int n)
{
    return choice(n);
}
