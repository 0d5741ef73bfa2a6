#include <stddef.h>

#include <sc/static_call.h>

#define EINVAL 22
#define EOVERFLOW 75

int put(int byte);

unsigned int served;

static int encode_plain(const char *data, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++)
        put(data[i]);
    return (int)length;
}

static int encode_hex(const char *data, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    size_t i;

    for (i = 0; i < length; i++) {
        put(digits[(data[i] >> 4) & 15]);
        put(digits[data[i] & 15]);
    }
    return (int)(2 * length);
}

static int encode_nothing(const char *data, size_t length)
{
    return data[length] ? 0 : -EOVERFLOW;
}

static const struct codec {
    const char *name;
    int (*encode)(const char *data, size_t length);
} codecs[] = {
    { "plain", encode_plain },
    { "hex", encode_hex },
    { "null", encode_nothing },
};

DEFINE_STATIC_CALL(encode, encode_plain);

int select_codec(size_t i)
{
    if (i >= sizeof(codecs) / sizeof(*codecs))
        return -EINVAL;
    return static_call_update(encode, codecs[i].encode);
}

int serve(const char *data, size_t length)
{
    served++;
    return static_call(encode)(data, length);
}

/* For one answer only. */
int with_codec(size_t i, const char *data)
{
    int (*saved)(const char *, size_t) = static_call_query(encode);
    const char *end = data;
    int result;

    while (*end)
        end++;
    if (select_codec(i))
        return -EINVAL;
    result = serve(data, (size_t)(end - data));
    static_call_update(encode, saved);
    return result;
}
