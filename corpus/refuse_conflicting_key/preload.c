#include "preload.h"

void load(int page);

/* On by default since the disks are fast. */
DEFINE_STATIC_KEY_TRUE(preload);

void touch(int page)
{
    if (static_branch_likely(&preload))
        load(page + 1);
    load(page);
}
