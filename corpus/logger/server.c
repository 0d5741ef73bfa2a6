#include "log.h"

static int requests;

int serve(const char *request)
{
    LOG(LOG_DEBUG, "request %d\n", ++requests);

    if (request[0] == '\0') {
        LOG(LOG_ERROR, "empty request\n");
        return 400;
    }
    if (request[0] == 'G') {
        LOG(LOG_INFO, "%s: %d after %ld us\n", request, 200, 7L);
        return 200;
    }
    LOG(LOG_WARN, "%s: not allowed\n", request);
    return 405;
}
