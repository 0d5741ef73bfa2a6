int scrub(int page);
void collect_statistics(void);
const char *page_name(int page);

extern int statistics;

int tick(int page)
{
    int before = statistics;
    int scrubbed = scrub(page);

    collect_statistics();
    return scrubbed + statistics - before;
}

int first_letter(int page)
{
    return page_name(page)[0];
}
