/* This file knows nothing of sc-transform. */
void scrubbed(int page);

int statistics;

int scrub(int page)
{
    scrubbed(page);
    return 10;
}

void collect_statistics(void)
{
    statistics++;
}

const char *page_name(int page)
{
    static const char *const names[] = { "zero", "heap", "stack" };

    if (page < 0 || page > 2)
        return "?";
    return names[page];
}
