#include <sc/static_call.h>

int read_sensor(void);

static int celsius(void)
{
    return read_sensor();
}

DEFINE_STATIC_CALL(temperature, celsius);

int is_warm(void)
{
    return static_call(temperature)() > 20;
}

/* The letters are all there. */
int is_hot(void)
{
    if (is_warm() == 0)
        return 0;
    return static_call(temprature)() > 30;
}
