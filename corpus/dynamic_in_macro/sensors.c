#include <sc/dynamic_function.h>

void sensor_event(int sensor);

#define SWITCHABLE SC_DYNAMIC(0)
#define SWITCHABLE_VOID SC_DYNAMIC()

SWITCHABLE int read_temperature(int sensor)
{
    return 20 + sensor;
}

SWITCHABLE_VOID
void announce(int sensor)
{
    sensor_event(sensor);
}

int poll(int sensor)
{
    announce(sensor);
    return read_temperature(sensor);
}
