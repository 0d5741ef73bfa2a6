#include <sc/static_call.h>

static int play_wav(int track)
{
    return track;
}

static int play_ogg(int track)
{
    return -track;
}

DEFINE_STATIC_CALL(play, play_wav);

int use_ogg(int yes)
{
    if (!yes)
        return static_call_update(play, play_wav);

    return static_call_update(play_wav, play_ogg);
}

int start(int track)
{
    return static_call(play)(track);
}
