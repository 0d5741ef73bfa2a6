#include <sc/static_call.h>

struct limits {
    long soft, hard;
    long used, peak;
};

static struct limits get_limits(int resource)
{
    return (struct limits){ resource, resource, 0, 0 };
}

/* what a guest may have: nothing, until someone says how much */
DEFINE_STATIC_CALL_RET0(limits_of_guest, get_limits);

long room(int resource)
{
    struct limits host = get_limits(resource);
    struct limits guest = static_call(limits_of_guest)(resource);

    return host.hard - guest.used;
}
