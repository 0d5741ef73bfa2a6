#include <stddef.h>

#include <sc/static_key.h>

void transmit(const char *name, int bytes);
void dump(const char *name, int bytes);

struct link {
    int speed;
    struct static_key_true up;
};

struct device {
    const char *name;
    struct static_key_false debug;
    struct link link;
};

struct device loopback = {
    .name = "lo",
    .debug = STATIC_KEY_FALSE_INIT,
    .link = { .speed = 1, .up = STATIC_KEY_TRUE_INIT },
};

struct device cards[2] = {
    { .name = "eth0", .debug = STATIC_KEY_FALSE_INIT, .link = { 100, STATIC_KEY_TRUE_INIT } },
    { .name = "eth1", .debug = STATIC_KEY_FALSE_INIT, .link = { 1000, STATIC_KEY_TRUE_INIT } },
};

union any_key {
    struct static_key_false as_key;
    struct static_key raw;
} shared;

int sent;

static struct device *find_device(int i)
{
    return i == 2 ? &loopback : &cards[i];
}

/* Any device: which key it is, is known only when it runs. */
static int device_send(struct device *dev, int bytes)
{
    if (!static_branch_likely(&dev->link.up))
        return -100;
    if (static_branch_unlikely(&dev->debug))
        dump(dev->name, bytes);
    transmit(dev->name, bytes);
    sent += bytes;
    return bytes;
}

int send(int i, int bytes)
{
    return device_send(find_device(i), bytes);
}

/* These keys are known to the compiler. */
int summary(void)
{
    int mask = 0;

    if (static_branch_unlikely(&loopback.debug))
        mask |= 1;
    if (static_branch_unlikely(&cards[1].debug))
        mask |= 2;
    if (static_branch_unlikely(&cards[0].debug))
        mask |= 4;
    if (!static_branch_likely(&cards[0].link.up))
        mask |= 8;
    if (static_branch_unlikely(&shared.as_key))
        mask |= 16;
    if (static_branch_likely(&(&loopback)->link.up) && static_branch_likely(&cards->link.up))
        mask |= 32;
    return mask;
}

int toggle(int i)
{
    struct static_key_true *up = &find_device(i)->link.up;

    if (static_key_enabled(up))
        static_branch_disable(up);
    else
        static_branch_enable(up);
    return static_key_enabled(up) ? 1 : 0;
}
