#include <sc/static_call.h>

static int set_volume(int channel, int level)
{
    return channel * 100 + level;
}

DEFINE_STATIC_CALL(volume, set_volume);

int mute(int channel)
{
    int result = static_call(volume)(channel, 0);

    result = 1 + 2 * static_call(volume)(0);
    return result;
}
