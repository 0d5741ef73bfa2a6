/* Not one idiom is spelled here. */
#include "counter/counter.h"

struct counter events;

unsigned int use(unsigned int by)
{
    return counter_bump(&events, by);
}
