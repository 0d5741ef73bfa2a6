/* SPDX-License-Identifier: MIT */
/*
 * Small models of common libc functions, for programs that run without one.
 * All are weak: a case's own function, or what its `returns` pins, goes first.
 *
 * What touches only memory is no event. What a user would see (output, exit,
 * a failed assertion) is an event with its text. Time is a counter, input is at
 * its end, memory comes from one large block and is never given out twice.
 */
#include "log.h"

#define MODEL __attribute__((__weak__))

typedef __builtin_va_list va_list;
typedef __PTRDIFF_TYPE__ h_offset;
typedef __UINTPTR_TYPE__ h_address;

/* --- strings and memory --- */

MODEL void *memcpy(void *to, const void *from, h_size size)
{
	char *t = to;
	const char *f = from;

	while (size--)
		*t++ = *f++;
	return to;
}

MODEL void *memmove(void *to, const void *from, h_size size)
{
	char *t = to;
	const char *f = from;

	if (t <= f)
		return memcpy(to, from, size);
	while (size--)
		t[size] = f[size];
	return to;
}

MODEL void *mempcpy(void *to, const void *from, h_size size)
{
	return (char *)memcpy(to, from, size) + size;
}

MODEL void *memset(void *to, int byte, h_size size)
{
	char *t = to;

	while (size--)
		*t++ = (char)byte;
	return to;
}

MODEL void bzero(void *to, h_size size)
{
	memset(to, 0, size);
}

MODEL int memcmp(const void *a, const void *b, h_size size)
{
	const unsigned char *x = a, *y = b;

	for (; size--; x++, y++)
		if (*x != *y)
			return *x < *y ? -1 : 1;
	return 0;
}

MODEL int bcmp(const void *a, const void *b, h_size size)
{
	return memcmp(a, b, size);
}

MODEL void *memchr(const void *in, int byte, h_size size)
{
	const unsigned char *p = in;

	for (; size--; p++)
		if (*p == (unsigned char)byte)
			return (void *)(h_address)p;
	return 0;
}

MODEL void *memrchr(const void *in, int byte, h_size size)
{
	const unsigned char *p = in;

	while (size--)
		if (p[size] == (unsigned char)byte)
			return (void *)(h_address)(p + size);
	return 0;
}

MODEL h_size strnlen(const char *text, h_size most)
{
	h_size length = 0;

	while (length < most && text[length])
		length++;
	return length;
}

MODEL h_size strlen(const char *text)
{
	return strnlen(text, (h_size)-1);
}

static int h_lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static int h_compare(const char *a, const char *b, h_size most, int fold)
{
	for (; most--; a++, b++) {
		int x = (unsigned char)*a, y = (unsigned char)*b;

		if (fold) {
			x = h_lower(x);
			y = h_lower(y);
		}
		if (x != y)
			return x < y ? -1 : 1;
		if (!x)
			return 0;
	}
	return 0;
}

MODEL int strcmp(const char *a, const char *b)
{
	return h_compare(a, b, (h_size)-1, 0);
}

MODEL int strncmp(const char *a, const char *b, h_size most)
{
	return h_compare(a, b, most, 0);
}

MODEL int strcoll(const char *a, const char *b)
{
	return h_compare(a, b, (h_size)-1, 0);
}

MODEL int strcasecmp(const char *a, const char *b)
{
	return h_compare(a, b, (h_size)-1, 1);
}

MODEL int strncasecmp(const char *a, const char *b, h_size most)
{
	return h_compare(a, b, most, 1);
}

MODEL char *stpcpy(char *to, const char *from)
{
	while ((*to = *from++))
		to++;
	return to;
}

MODEL char *strcpy(char *to, const char *from)
{
	stpcpy(to, from);
	return to;
}

MODEL char *strncpy(char *to, const char *from, h_size size)
{
	h_size i = 0;

	for (; i < size && from[i]; i++)
		to[i] = from[i];
	for (; i < size; i++)
		to[i] = 0;
	return to;
}

MODEL char *strcat(char *to, const char *from)
{
	strcpy(to + strlen(to), from);
	return to;
}

MODEL char *strncat(char *to, const char *from, h_size most)
{
	h_size length = strnlen(from, most);
	char *end = to + strlen(to);

	memcpy(end, from, length);
	end[length] = 0;
	return to;
}

MODEL char *strchrnul(const char *text, int c)
{
	while (*text && *text != (char)c)
		text++;
	return (char *)(h_address)text;
}

MODEL char *strchr(const char *text, int c)
{
	char *found = strchrnul(text, c);

	return *found == (char)c ? found : 0;
}

MODEL char *index(const char *text, int c)
{
	return strchr(text, c);
}

MODEL char *strrchr(const char *text, int c)
{
	return memrchr(text, c, strlen(text) + 1);
}

MODEL char *rindex(const char *text, int c)
{
	return strrchr(text, c);
}

MODEL h_size strcspn(const char *text, const char *set)
{
	h_size length = 0;

	while (text[length] && !strchr(set, text[length]))
		length++;
	return length;
}

MODEL h_size strspn(const char *text, const char *set)
{
	h_size length = 0;

	while (text[length] && strchr(set, text[length]))
		length++;
	return length;
}

MODEL char *strpbrk(const char *text, const char *set)
{
	text += strcspn(text, set);
	return *text ? (char *)(h_address)text : 0;
}

MODEL char *strstr(const char *text, const char *part)
{
	h_size length = strlen(part);

	for (; *text || !length; text++)
		if (!strncmp(text, part, length))
			return (char *)(h_address)text;
	return 0;
}

MODEL char *strtok_r(char *text, const char *set, char **rest)
{
	char *start = text ? text : *rest;

	start += strspn(start, set);
	*rest = start + strcspn(start, set);
	if (start == *rest)
		return 0;
	if (**rest)
		*(*rest)++ = 0;
	return start;
}

MODEL char *strtok(char *text, const char *set)
{
	static char *rest;

	return strtok_r(text, set, &rest);
}

MODEL char *strsep(char **text, const char *set)
{
	char *start = *text;

	if (!start)
		return 0;
	*text = start + strcspn(start, set);
	if (**text)
		*(*text)++ = 0;
	else
		*text = 0;
	return start;
}

MODEL char *strerror(int number)
{
	return number ? "error" : "success";
}

/* --- characters: glibc's tables, one bit for each class --- */

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
# define H_CLASS(bit) (1 << (bit))
#else
# define H_CLASS(bit) ((bit) < 8 ? (1 << (bit)) << 8 : (1 << (bit)) >> 8)
#endif
enum { H_UPPER, H_LOWER, H_ALPHA, H_DIGIT, H_XDIGIT, H_SPACE, H_PRINT, H_GRAPH, H_BLANK, H_CNTRL,
       H_PUNCT, H_ALNUM };

static int h_in(int c, char from, char to)
{
	return c >= from && c <= to;
}

static int h_class(int c)
{
	int upper = h_in(c, 'A', 'Z'), lower = h_in(c, 'a', 'z'), digit = h_in(c, '0', '9');
	int alnum = upper || lower || digit, graph = h_in(c, '!', '~');
	int blank = c == ' ' || c == '\t';

	return upper * H_CLASS(H_UPPER) | lower * H_CLASS(H_LOWER) |
	       (upper || lower) * H_CLASS(H_ALPHA) | digit * H_CLASS(H_DIGIT) |
	       (digit || h_in(c, 'a', 'f') || h_in(c, 'A', 'F')) * H_CLASS(H_XDIGIT) |
	       (c == ' ' || h_in(c, '\t', '\r')) * H_CLASS(H_SPACE) |
	       h_in(c, ' ', '~') * H_CLASS(H_PRINT) | graph * H_CLASS(H_GRAPH) |
	       blank * H_CLASS(H_BLANK) | (h_in(c, 0, 31) || c == 127) * H_CLASS(H_CNTRL) |
	       (graph && !alnum) * H_CLASS(H_PUNCT) | alnum * H_CLASS(H_ALNUM);
}

MODEL int toupper(int c)
{
	return c >= 'a' && c <= 'z' ? c - 32 : c;
}

MODEL int tolower(int c)
{
	return h_lower(c);
}

#define H_IS(name, class)						\
	MODEL int name(int c);						\
	MODEL int name(int c) { return h_class(c) & H_CLASS(class); }
H_IS(isupper, H_UPPER)
H_IS(islower, H_LOWER)
H_IS(isalpha, H_ALPHA)
H_IS(isdigit, H_DIGIT)
H_IS(isxdigit, H_XDIGIT)
H_IS(isspace, H_SPACE)
H_IS(isprint, H_PRINT)
H_IS(isgraph, H_GRAPH)
H_IS(isblank, H_BLANK)
H_IS(iscntrl, H_CNTRL)
H_IS(ispunct, H_PUNCT)
H_IS(isalnum, H_ALNUM)

static unsigned short h_classes[384];
static int h_uppers[384], h_lowers[384];

static void h_fill_tables(void)
{
	if (h_uppers['a' + 128])
		return;
	for (int c = -128; c < 256; c++) {
		h_classes[c + 128] = c < 0 ? 0 : (unsigned short)h_class(c);
		h_uppers[c + 128] = toupper(c);
		h_lowers[c + 128] = h_lower(c);
	}
}

MODEL const unsigned short **__ctype_b_loc(void)
{
	static const unsigned short *table = h_classes + 128;

	h_fill_tables();
	return &table;
}

MODEL const int **__ctype_toupper_loc(void)
{
	static const int *table = h_uppers + 128;

	h_fill_tables();
	return &table;
}

MODEL const int **__ctype_tolower_loc(void)
{
	static const int *table = h_lowers + 128;

	h_fill_tables();
	return &table;
}

/* --- numbers --- */

MODEL int abs(int n)
{
	return n < 0 ? -n : n;
}

MODEL long labs(long n)
{
	return n < 0 ? -n : n;
}

MODEL long long llabs(long long n)
{
	return n < 0 ? -n : n;
}

static int h_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = h_lower(c);
	return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

MODEL unsigned long long strtoull(const char *text, char **end, int base)
{
	const char *p = text + strspn(text, " \t\n\v\f\r");
	int minus = *p == '-', any = 0;
	unsigned long long n = 0;

	p += *p == '-' || *p == '+';
	if ((base == 0 || base == 16) && p[0] == '0' && h_lower(p[1]) == 'x' &&
	    h_digit(p[2]) < 16) {
		p += 2;
		base = 16;
	}
	if (base == 0)
		base = *p == '0' ? 8 : 10;
	for (; h_digit(*p) < base; p++, any = 1)
		n = n * (unsigned int)base + (unsigned int)h_digit(*p);
	if (end)
		*end = (char *)(h_address)(any ? p : text);
	return minus ? -n : n;
}

#define H_STRTO(name, type)						\
	MODEL type name(const char *text, char **end, int base);	\
	MODEL type name(const char *text, char **end, int base)		\
	{ return (type)strtoull(text, end, base); }
H_STRTO(strtoul, unsigned long)
H_STRTO(strtol, long)
H_STRTO(strtoll, long long)
H_STRTO(__isoc23_strtoul, unsigned long)
H_STRTO(__isoc23_strtol, long)
H_STRTO(__isoc23_strtoll, long long)
H_STRTO(__isoc23_strtoull, unsigned long long)

MODEL int atoi(const char *text)
{
	return (int)strtol(text, 0, 10);
}

MODEL long atol(const char *text)
{
	return strtol(text, 0, 10);
}

MODEL long long atoll(const char *text)
{
	return strtoll(text, 0, 10);
}

MODEL double strtod(const char *text, char **end)
{
	const char *p = text + strspn(text, " \t\n\v\f\r");
	int minus = *p == '-', any = 0;
	double n = 0, unit = 1;

	p += *p == '-' || *p == '+';
	for (; *p >= '0' && *p <= '9'; p++, any = 1)
		n = n * 10 + (*p - '0');
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9'; p++, any = 1)
			n += (*p - '0') * (unit /= 10);
	if (end)
		*end = (char *)(h_address)(any ? p : text);
	return minus ? -n : n;
}

MODEL double atof(const char *text)
{
	return strtod(text, 0);
}

static unsigned int h_seed = 1;

MODEL void srand(unsigned int seed)
{
	h_seed = seed;
}

MODEL int rand(void)
{
	h_seed = h_seed * 1103515245u + 12345u;
	return (int)(h_seed >> 1);
}

MODEL long random(void)
{
	return rand();
}

MODEL void srandom(unsigned int seed)
{
	h_seed = seed;
}

/* --- memory that is given out --- */

#define H_HEAP_SIZE (1u << 20)
unsigned char __h_heap[H_HEAP_SIZE] __attribute__((__aligned__(16)));
struct h_block {
	unsigned long offset;
	unsigned long size;
} __h_blocks[H_HEAP_BLOCKS];
unsigned int __h_block_count;
static unsigned long h_heap_used;

MODEL void *malloc(h_size size)
{
	struct h_block *block = &__h_blocks[__h_block_count];

	if (__h_block_count == H_HEAP_BLOCKS || size > H_HEAP_SIZE - h_heap_used - 64)
		return 0;
	block->offset = h_heap_used;
	block->size = size;
	__h_block_count++;
	h_heap_used += (size + 32) & ~15ul;
	return __h_heap + block->offset;
}

MODEL void free(void *block)
{
	(void)block;
}

MODEL void *calloc(h_size count, h_size size)
{
	return malloc(count * size);
}

static h_size h_size_of(const void *block)
{
	for (unsigned int i = 0; i < __h_block_count; i++)
		if (__h_heap + __h_blocks[i].offset == block)
			return __h_blocks[i].size;
	return 0;
}

MODEL void *realloc(void *block, h_size size)
{
	void *fresh = malloc(size);
	h_size old = block ? h_size_of(block) : 0;

	if (fresh)
		memcpy(fresh, block, old < size ? old : size);
	return fresh;
}

MODEL void *reallocarray(void *block, h_size count, h_size size)
{
	return realloc(block, count * size);
}

MODEL void *aligned_alloc(h_size alignment, h_size size)
{
	h_heap_used = (h_heap_used + alignment - 1) & ~(alignment - 1);
	return malloc(size);
}

MODEL int posix_memalign(void **block, h_size alignment, h_size size)
{
	*block = aligned_alloc(alignment, size);
	return *block ? 0 : 12;
}

MODEL char *strndup(const char *text, h_size most)
{
	h_size length = strnlen(text, most);
	char *copy = malloc(length + 1);

	if (copy) {
		memcpy(copy, text, length);
		copy[length] = 0;
	}
	return copy;
}

MODEL char *strdup(const char *text)
{
	return strndup(text, (h_size)-1);
}

/* --- sorting --- */

MODEL void qsort(void *base, h_size count, h_size size, int (*compare)(const void *, const void *))
{
	char *row = base;

	for (h_size i = 1; i < count; i++)
		for (h_size j = i; j && compare(row + (j - 1) * size, row + j * size) > 0; j--)
			for (h_size k = 0; k < size; k++) {
				char kept = row[j * size + k];

				row[j * size + k] = row[(j - 1) * size + k];
				row[(j - 1) * size + k] = kept;
			}
}

MODEL void *bsearch(const void *key, const void *base, h_size count, h_size size,
		    int (*compare)(const void *, const void *))
{
	const char *row = base;

	for (h_size low = 0, high = count; low < high;) {
		h_size middle = low + (high - low) / 2;
		int order = compare(key, row + middle * size);

		if (!order)
			return (void *)(h_address)(row + middle * size);
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

/* --- text --- */

struct h_text {
	char *to;
	h_size room;
	h_size length;
};

struct h_spec {
	int width, precision, left, zero, plus, blank, alternative, longs, upper;
};

static void h_char(struct h_text *out, char c)
{
	if (out->length + 1 < out->room)
		out->to[out->length] = c;
	out->length++;
}

static void h_repeat(struct h_text *out, char c, int times)
{
	while (times-- > 0)
		h_char(out, c);
}

static void h_field(struct h_text *out, const struct h_spec *spec, const char *sign,
		    const char *body, int length, int zeros)
{
	int signs = (int)strlen(sign), blanks = spec->width - length - signs - zeros;

	if (spec->zero && !spec->left && blanks > 0) {
		zeros += blanks;
		blanks = 0;
	}
	if (!spec->left)
		h_repeat(out, ' ', blanks);
	while (*sign)
		h_char(out, *sign++);
	h_repeat(out, '0', zeros);
	for (int i = 0; i < length; i++)
		h_char(out, body[i]);
	if (spec->left)
		h_repeat(out, ' ', blanks);
}

static const char *h_sign(const struct h_spec *spec, int minus)
{
	return minus ? "-" : spec->plus ? "+" : spec->blank ? " " : "";
}

static int h_digits(char *end, unsigned long long n, unsigned int base, int upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	int length = 0;

	for (; n; n /= base)
		end[-++length] = digits[n % base];
	return length;
}

static void h_integer(struct h_text *out, struct h_spec *spec, unsigned long long n, int minus,
		      unsigned int base, const char *sign)
{
	char buffer[70];
	int length = h_digits(buffer + sizeof(buffer), n, base, spec->upper);
	int least = spec->precision < 0 ? 1 : spec->precision;

	if (spec->precision >= 0)
		spec->zero = 0;
	if (minus || !*sign)
		sign = base == 10 ? h_sign(spec, minus) : "";
	h_field(out, spec, sign, buffer + sizeof(buffer) - length, length,
		least > length ? least - length : 0);
}

/* Up to 17 digits of the fraction; enough to tell two results apart. */
static void h_fixed(struct h_text *out, struct h_spec *spec, double value)
{
	char buffer[64], *end = buffer + sizeof(buffer);
	int minus = value < 0, precision = spec->precision < 0 ? 6 : spec->precision;
	double scale = 1;
	int length = 0;

	if (value != value) {
		spec->zero = 0;
		h_field(out, spec, "", "nan", 3, 0);
		return;
	}
	if (minus)
		value = -value;
	if (value > 1e18) {
		spec->zero = 0;
		h_field(out, spec, h_sign(spec, minus), "huge", 4, 0);
		return;
	}
	if (precision > 17)
		precision = 17;
	for (int i = 0; i < precision; i++)
		scale *= 10;
	unsigned long long whole = (unsigned long long)value;
	unsigned long long part = (unsigned long long)((value - (double)whole) * scale + 0.5);

	if (part >= (unsigned long long)scale) {
		part -= (unsigned long long)scale;
		whole++;
	}
	for (; length < precision; part /= 10)
		end[-++length] = (char)('0' + part % 10);
	if (precision || spec->alternative)
		end[-++length] = '.';
	if (!whole)
		end[-++length] = '0';
	length += h_digits(end - length, whole, 10, 0);
	h_field(out, spec, h_sign(spec, minus), end - length, length, 0);
}

/* By hand where a long double has 113 bits: the compiler would call its library. */
static double h_narrow(long double value)
{
#if __LDBL_MANT_DIG__ == 113
	unsigned __int128 bits;
	unsigned long long narrow, exponent;
	double result;

	__builtin_memcpy(&bits, &value, sizeof(bits));
	exponent = (unsigned long long)(bits >> 112) & 0x7fff;
	exponent = exponent > 16383 - 1023 && exponent < 16383 + 1024 ? exponent - 16383 + 1023 : 0;
	narrow = (unsigned long long)(bits >> 127) << 63 | exponent << 52;
	if (exponent)
		narrow |= (unsigned long long)(bits >> 60) & 0xfffffffffffffull;
	__builtin_memcpy(&result, &narrow, sizeof(result));
	return result;
#else
	return (double)value;
#endif
}

static unsigned long long h_argument(const struct h_spec *spec, va_list *args, int is_signed)
{
	if (spec->longs >= 2)
		return __builtin_va_arg(*args, unsigned long long);
	if (spec->longs == 1)
		return is_signed ? (unsigned long long)__builtin_va_arg(*args, long)
				 : __builtin_va_arg(*args, unsigned long);
	if (is_signed) {
		int n = __builtin_va_arg(*args, int);

		if (spec->longs == -1)
			n = (short)n;
		if (spec->longs <= -2)
			n = (signed char)n;
		return (unsigned long long)(long long)n;
	} else {
		unsigned int n = __builtin_va_arg(*args, unsigned int);

		if (spec->longs == -1)
			n = (unsigned short)n;
		if (spec->longs <= -2)
			n = (unsigned char)n;
		return n;
	}
}

static void h_string(struct h_text *out, struct h_spec *spec, const char *text)
{
	h_size most = spec->precision < 0 ? (h_size)-1 : (h_size)spec->precision;

	if (!text)
		text = "(null)";
	spec->zero = 0;
	h_field(out, spec, "", text, (int)strnlen(text, most), 0);
}

static void h_convert(struct h_text *out, struct h_spec *spec, char conversion, va_list *args)
{
	unsigned long long n;
	char c;

	switch (conversion) {
	case 'd': case 'i':
		n = h_argument(spec, args, 1);
		h_integer(out, spec, (long long)n < 0 ? -n : n, (long long)n < 0, 10, "");
		break;
	case 'u':
		spec->plus = spec->blank = 0;
		h_integer(out, spec, h_argument(spec, args, 0), 0, 10, "");
		break;
	case 'o':
		h_integer(out, spec, h_argument(spec, args, 0), 0, 8,
			  spec->alternative ? "0" : "");
		break;
	case 'X':
		spec->upper = 1;
		__attribute__((__fallthrough__));
	case 'x':
		n = h_argument(spec, args, 0);
		h_integer(out, spec, n, 0, 16, spec->alternative && n ? "0x" : "");
		break;
	case 'c':
		c = (char)__builtin_va_arg(*args, int);
		spec->zero = 0;
		h_field(out, spec, "", &c, 1, 0);
		break;
	case 's':
		h_string(out, spec, __builtin_va_arg(*args, const char *));
		break;
	case 'p': /* never a number: it differs from build to build */
		h_string(out, spec, __builtin_va_arg(*args, void *) ? "(pointer)" : "(nil)");
		break;
	case 'n':
		*__builtin_va_arg(*args, int *) = (int)out->length;
		break;
	case '%':
		h_char(out, '%');
		break;
	default: /* e, f, g and their like */
		if (spec->longs == 3)
			h_fixed(out, spec, h_narrow(__builtin_va_arg(*args, long double)));
		else
			h_fixed(out, spec, __builtin_va_arg(*args, double));
		break;
	}
}

static const char *h_number(const char *p, int *n, va_list *args)
{
	if (*p == '*') {
		*n = __builtin_va_arg(*args, int);
		return p + 1;
	}
	for (*n = 0; *p >= '0' && *p <= '9'; p++)
		*n = *n * 10 + (*p - '0');
	return p;
}

static const char *h_flags(const char *p, struct h_spec *spec)
{
	for (;; p++) {
		if (*p == '-')
			spec->left = 1;
		else if (*p == '0')
			spec->zero = 1;
		else if (*p == '+')
			spec->plus = 1;
		else if (*p == ' ')
			spec->blank = 1;
		else if (*p == '#')
			spec->alternative = 1;
		else
			return p;
	}
}

static const char *h_length_of(const char *p, struct h_spec *spec)
{
	for (;; p++) {
		if (*p == 'h')
			spec->longs--;
		else if (*p == 'l')
			spec->longs++;
		else if (*p == 'z' || *p == 't')
			spec->longs = 1;
		else if (*p == 'j')
			spec->longs = 2;
		else if (*p == 'L')
			spec->longs = 3;
		else
			return p;
	}
}

static h_size h_format(char *to, h_size room, const char *format, va_list *args)
{
	struct h_text out = { to, room, 0 };

	while (*format) {
		struct h_spec spec = { .precision = -1 };

		if (*format != '%') {
			h_char(&out, *format++);
			continue;
		}
		format = h_number(h_flags(format + 1, &spec), &spec.width, args);
		if (spec.width < 0) {
			spec.left = 1;
			spec.width = -spec.width;
		}
		if (*format == '.')
			format = h_number(format + 1, &spec.precision, args);
		format = h_length_of(format, &spec);
		if (!*format)
			break;
		h_convert(&out, &spec, *format++, args);
	}
	if (room)
		to[out.length < room ? out.length : room - 1] = 0;
	return out.length;
}

static int h_vsnprintf(char *to, h_size room, const char *format, va_list args)
{
	va_list copy;
	int length;

	__builtin_va_copy(copy, args);
	length = (int)h_format(to, room, format, &copy);
	__builtin_va_end(copy);
	return length;
}

MODEL int vsnprintf(char *to, h_size room, const char *format, va_list args)
{
	return h_vsnprintf(to, room, format, args);
}

MODEL int vsprintf(char *to, const char *format, va_list args)
{
	return h_vsnprintf(to, 1u << 16, format, args);
}

static int h_print(const char *name, const char *format, va_list args)
{
	static char buffer[4096];
	int length = h_vsnprintf(buffer, sizeof(buffer), format, args);

	__h_text(name, buffer, strlen(buffer));
	return length;
}

#define H_VARIADIC(call)				\
	va_list args;					\
	int length;					\
	__builtin_va_start(args, format);		\
	length = call;					\
	__builtin_va_end(args);				\
	return length

MODEL int snprintf(char *to, h_size room, const char *format, ...)
{
	H_VARIADIC(h_vsnprintf(to, room, format, args));
}

MODEL int sprintf(char *to, const char *format, ...)
{
	H_VARIADIC(h_vsnprintf(to, 1u << 16, format, args));
}

MODEL int asprintf(char **to, const char *format, ...)
{
	*to = malloc(1024);
	H_VARIADIC(h_vsnprintf(*to, 1024, format, args));
}

static char h_files[3][16];
MODEL void *stdin = h_files[0];
MODEL void *stdout = h_files[1];
MODEL void *stderr = h_files[2];

static const char *h_stream(const void *file, const char *out, const char *err)
{
	return file == h_files[2] ? err : out;
}

MODEL int vfprintf(void *file, const char *format, va_list args)
{
	return h_print(h_stream(file, "fprintf", "fprintf(stderr)"), format, args);
}

MODEL int vprintf(const char *format, va_list args)
{
	return h_print("printf", format, args);
}

MODEL int printf(const char *format, ...)
{
	H_VARIADIC(h_print("printf", format, args));
}

MODEL int fprintf(void *file, const char *format, ...)
{
	H_VARIADIC(vfprintf(file, format, args));
}

MODEL int dprintf(int file, const char *format, ...)
{
	(void)file;
	H_VARIADIC(h_print("dprintf", format, args));
}

MODEL void syslog(int priority, const char *format, ...)
{
	va_list args;

	(void)priority;
	__builtin_va_start(args, format);
	h_print("syslog", format, args);
	__builtin_va_end(args);
}

MODEL int puts(const char *text)
{
	__h_text("puts", text, strlen(text));
	return 1;
}

MODEL int fputs(const char *text, void *file)
{
	__h_text(h_stream(file, "fputs", "fputs(stderr)"), text, strlen(text));
	return 1;
}

static int h_put_char(const char *name, int c)
{
	char text = (char)c;

	__h_text(name, &text, 1);
	return (unsigned char)c;
}

MODEL int putchar(int c)
{
	return h_put_char("putchar", c);
}

MODEL int fputc(int c, void *file)
{
	return h_put_char(h_stream(file, "fputc", "fputc(stderr)"), c);
}

MODEL int putc(int c, void *file)
{
	return fputc(c, file);
}

MODEL h_size fwrite(const void *data, h_size size, h_size count, void *file)
{
	__h_text(h_stream(file, "fwrite", "fwrite(stderr)"), data, size * count);
	return count;
}

MODEL h_offset write(int file, const void *data, h_size size)
{
	(void)file;
	__h_text("write", data, size);
	return (h_offset)size;
}

MODEL void perror(const char *text)
{
	__h_text("perror", text ? text : "", text ? strlen(text) : 0);
}

MODEL int fflush(void *file)
{
	(void)file;
	return 0;
}

MODEL int ferror(void *file)
{
	(void)file;
	return 0;
}

MODEL int setvbuf(void *file, char *buffer, int mode, h_size size)
{
	(void)file, (void)buffer, (void)mode, (void)size;
	return 0;
}

/* Input is at its end. */
MODEL int feof(void *file)
{
	(void)file;
	return 1;
}

MODEL int getchar(void)
{
	return -1;
}

MODEL int fgetc(void *file)
{
	(void)file;
	return -1;
}

MODEL int getc(void *file)
{
	(void)file;
	return -1;
}

MODEL char *fgets(char *to, int size, void *file)
{
	(void)to, (void)size, (void)file;
	return 0;
}

/* --- the process --- */

MODEL int *__errno_location(void)
{
	static int number;

	return &number;
}

MODEL char *getenv(const char *name)
{
	(void)name;
	return 0;
}

static void h_end(const char *name, int status)
{
	char digit = (char)('0' + (status & 7));

	__h_text(name, &digit, 1);
	__h_exit();
}

MODEL void exit(int status)
{
	h_end("exit", status);
}

MODEL void _exit(int status)
{
	h_end("_exit", status);
}

MODEL void _Exit(int status)
{
	h_end("_Exit", status);
}

MODEL void abort(void)
{
	h_end("abort", 0);
}

MODEL void __stack_chk_fail(void)
{
	h_end("__stack_chk_fail", 0);
}

MODEL void __assert_fail(const char *assertion, const char *file, unsigned int line,
			 const char *function)
{
	(void)file, (void)function, (void)line;
	__h_text("__assert_fail", assertion, strlen(assertion));
	__h_exit();
}

MODEL int atexit(void (*function)(void))
{
	(void)function;
	return 0;
}

struct h_time {
	long seconds, parts;
};
static long h_ticks;

MODEL long time(long *to)
{
	h_ticks++;
	if (to)
		*to = h_ticks;
	return h_ticks;
}

MODEL long clock(void)
{
	return ++h_ticks;
}

MODEL int clock_gettime(int which, struct h_time *to)
{
	(void)which;
	*to = (struct h_time){ ++h_ticks, 0 };
	return 0;
}

MODEL int gettimeofday(struct h_time *to, void *zone)
{
	(void)zone;
	return clock_gettime(0, to);
}

/* --- threads: each runs to its end where it is made --- */

#define H_NOTHING(name)				\
	MODEL int name(void *object);		\
	MODEL int name(void *object) { (void)object; return 0; }
#define H_NOTHING2(name)			\
	MODEL int name(void *object, void *more);	\
	MODEL int name(void *object, void *more) { (void)object, (void)more; return 0; }
H_NOTHING(pthread_mutex_lock)
H_NOTHING(pthread_mutex_trylock)
H_NOTHING(pthread_mutex_unlock)
H_NOTHING(pthread_mutex_destroy)
H_NOTHING(pthread_rwlock_rdlock)
H_NOTHING(pthread_rwlock_wrlock)
H_NOTHING(pthread_rwlock_unlock)
H_NOTHING(pthread_rwlock_destroy)
H_NOTHING(pthread_spin_lock)
H_NOTHING(pthread_spin_unlock)
H_NOTHING(pthread_cond_signal)
H_NOTHING(pthread_cond_broadcast)
H_NOTHING(pthread_cond_destroy)
H_NOTHING(pthread_attr_init)
H_NOTHING(pthread_attr_destroy)
H_NOTHING2(pthread_mutex_init)
H_NOTHING2(pthread_rwlock_init)
H_NOTHING2(pthread_cond_init)
H_NOTHING2(pthread_cond_wait)

#define H_THREADS 64u
static void *h_results[H_THREADS];
static unsigned long h_threads;

MODEL int pthread_create(unsigned long *thread, const void *attributes, void *(*run)(void *),
			 void *argument)
{
	unsigned long number = h_threads++ % H_THREADS;

	(void)attributes;
	*thread = number + 1;
	h_results[number] = run(argument);
	return 0;
}

MODEL int pthread_join(unsigned long thread, void **result)
{
	if (result)
		*result = h_results[(thread - 1) % H_THREADS];
	return 0;
}

MODEL int pthread_detach(unsigned long thread)
{
	(void)thread;
	return 0;
}

MODEL unsigned long pthread_self(void)
{
	return 0;
}

MODEL int pthread_once(int *control, void (*run)(void))
{
	if (!*control) {
		*control = 1;
		run();
	}
	return 0;
}

MODEL int sched_yield(void)
{
	return 0;
}

MODEL int usleep(unsigned int time)
{
	(void)time;
	return 0;
}

MODEL unsigned int sleep(unsigned int time)
{
	(void)time;
	return 0;
}

/* --- what compilers call where a machine has no instruction for it --- */

#if __LDBL_MANT_DIG__ == 113
/*
 * A long double of 113 bits, computed as a double: fewer digits than there
 * should be, but the same ones in every build.
 */
static long double h_widen(double value)
{
	unsigned long long narrow, exponent;
	unsigned __int128 bits;
	long double result;

	__builtin_memcpy(&narrow, &value, sizeof(narrow));
	exponent = narrow >> 52 & 0x7ff;
	if (exponent)
		exponent += exponent == 0x7ff ? 0x7fff - 0x7ff : 16383 - 1023;
	bits = (unsigned __int128)(narrow >> 63) << 127 | (unsigned __int128)exponent << 112;
	if (exponent)
		bits |= (unsigned __int128)(narrow & 0xfffffffffffffull) << 60;
	__builtin_memcpy(&result, &bits, sizeof(result));
	return result;
}

#define H_WIDE(name, operator)						\
	MODEL long double name(long double a, long double b);		\
	MODEL long double name(long double a, long double b)		\
	{ return h_widen(h_narrow(a) operator h_narrow(b)); }
H_WIDE(__addtf3, +)
H_WIDE(__subtf3, -)
H_WIDE(__multf3, *)
H_WIDE(__divtf3, /)

#define H_WIDEN(name, type)						\
	MODEL long double name(type value);				\
	MODEL long double name(type value) { return h_widen((double)value); }
H_WIDEN(__extendsftf2, float)
H_WIDEN(__extenddftf2, double)
H_WIDEN(__floatsitf, int)
H_WIDEN(__floatditf, long long)
H_WIDEN(__floatunsitf, unsigned int)
H_WIDEN(__floatunditf, unsigned long long)

#define H_NARROW(name, type)						\
	MODEL type name(long double value);				\
	MODEL type name(long double value) { return (type)h_narrow(value); }
H_NARROW(__trunctfsf2, float)
H_NARROW(__trunctfdf2, double)
H_NARROW(__fixtfsi, int)
H_NARROW(__fixtfdi, long long)
H_NARROW(__fixunstfsi, unsigned int)
H_NARROW(__fixunstfdi, unsigned long long)

/* Below, at or above 0 as a is to b; `odd` where they have no order. */
#define H_ORDER(name, odd)						\
	MODEL int name(long double a, long double b);			\
	MODEL int name(long double a, long double b)			\
	{								\
		double x = h_narrow(a), y = h_narrow(b);		\
									\
		return x < y ? -1 : x > y ? 1 : x == y ? 0 : (odd);	\
	}
H_ORDER(__eqtf2, 1)
H_ORDER(__netf2, 1)
H_ORDER(__lttf2, 1)
H_ORDER(__letf2, 1)
H_ORDER(__gttf2, -1)
H_ORDER(__getf2, -1)
#endif

#ifdef __SIZEOF_INT128__
typedef unsigned __int128 h_wide;

static h_wide h_divide(h_wide n, h_wide by, h_wide *rest)
{
	h_wide quotient = 0, left = 0;

	for (int bit = 127; bit >= 0; bit--) {
		left = left << 1 | (n >> bit & 1);
		if (left >= by) {
			left -= by;
			quotient |= (h_wide)1 << bit;
		}
	}
	*rest = left;
	return quotient;
}

MODEL h_wide __udivti3(h_wide n, h_wide by)
{
	return h_divide(n, by, &(h_wide){ 0 });
}

MODEL h_wide __umodti3(h_wide n, h_wide by)
{
	h_wide rest;

	h_divide(n, by, &rest);
	return rest;
}

MODEL __int128 __divti3(__int128 n, __int128 by)
{
	h_wide rest, quotient = h_divide(n < 0 ? -(h_wide)n : (h_wide)n,
					 by < 0 ? -(h_wide)by : (h_wide)by, &rest);

	return (__int128)((n < 0) != (by < 0) ? -quotient : quotient);
}

MODEL __int128 __modti3(__int128 n, __int128 by)
{
	h_wide rest;

	h_divide(n < 0 ? -(h_wide)n : (h_wide)n, by < 0 ? -(h_wide)by : (h_wide)by, &rest);
	return (__int128)(n < 0 ? -rest : rest);
}
#endif

static int h_count_bits(unsigned long long n)
{
	int count = 0;

	for (; n; n &= n - 1)
		count++;
	return count;
}

MODEL int __popcountdi2(unsigned long n)
{
	return h_count_bits(n);
}

MODEL int __popcountsi2(unsigned int n)
{
	return h_count_bits(n);
}
