#include <string.h>

#include <sc/static_call.h>

struct rect {
    long left, top;
    double width, height;
};

struct buffer {
    char bytes[32];
};

struct rect last;

struct rect to_screen(struct rect r, int margin)
{
    r.left += margin;
    r.top += margin;
    r.width += 2 * margin;
    r.height += 2 * margin;
    return r;
}

struct rect to_origin(struct rect r, int margin)
{
    r.left = r.top = margin;
    r.width -= margin + 1;
    r.height -= margin + 1;
    return r;
}

struct rect hull(int tag, struct rect a, struct rect b, const char *name)
{
    struct rect r = {
        .left = a.left < b.left ? a.left : b.left,
        .top = a.top < b.top ? a.top : b.top,
    };
    double right = a.left + a.width > b.left + b.width ? a.left + a.width : b.left + b.width;
    double bottom = a.top + a.height > b.top + b.height ? a.top + a.height : b.top + b.height;

    r.width = right - r.left;
    r.height = bottom - r.top;
    last = name[0] == 'u' ? r : b;
    last.left += tag;
    return r;
}

struct rect first_of(int tag, struct rect a, struct rect b, const char *name)
{
    (void)b;
    a.top += tag + name[0];
    return a;
}

static struct buffer fill(struct buffer buffer, char with)
{
    size_t i;

    for (i = 0; i < sizeof(buffer.bytes); i++)
        if (!buffer.bytes[i])
            buffer.bytes[i] = with;
    return buffer;
}

DEFINE_STATIC_CALL(clip, to_screen);
DEFINE_STATIC_CALL(combine, hull);
DEFINE_STATIC_CALL(pad, fill);

int area(int width, int height)
{
    struct rect r = static_call(clip)((struct rect){ 0, 0, width, height }, 0);

    return (int)(r.width * r.height);
}

int grown(int margin)
{
    struct rect r = { 5, 5, 8, 6 };
    struct buffer buffer = { "123" };

    r = static_call(clip)(r, margin);
    buffer = static_call(pad)(buffer, (char)margin);
    return (int)(r.width * r.height) + (buffer.bytes[30] == margin ? 0 : 1000);
}

int unite(int distance)
{
    struct rect a = { 0, 0, 2, 2 };
    struct rect b = { distance, distance, 2, 2 };

    a = static_call(combine)(7, a, b, "union");
    return (int)(a.width * a.height);
}
