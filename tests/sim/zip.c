/*
 * A ZIP writer for input artifacts: members stored, not compressed.
 */
#include <stdlib.h>
#include <string.h>

#include "state.h"

static uint32_t
crc32_of(const unsigned char *p, size_t n)
{
	uint32_t crc = 0xffffffff;
	int bit;

	while (n-- > 0) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (0xedb88320 & (0 - (crc & 1)));
	}
	return ~crc;
}

static void
add16(struct buf *b, unsigned v)
{
	unsigned char c[2] = { v & 0xff, (v >> 8) & 0xff };

	buf_add(b, c, 2);
}

static void
add32(struct buf *b, uint32_t v)
{
	add16(b, v & 0xffff);
	add16(b, v >> 16);
}

/* What local header and directory entry have in common. */
static void
add_common(struct buf *b, uint32_t crc, size_t size, size_t name)
{
	add16(b, 20);		/* version needed */
	add16(b, 0x0800);	/* names are UTF-8 */
	add16(b, 0);		/* stored */
	add16(b, 0);		/* time */
	add16(b, 0x5b77);	/* date */
	add32(b, crc);
	add32(b, (uint32_t)size);
	add32(b, (uint32_t)size);
	add16(b, (unsigned)name);
	add16(b, 0);		/* extra */
}

/* Members: an object {name: text}; a value that is not a text is dumped. */
void
zip_write(struct buf *out, json_t *members)
{
	struct buf directory = { NULL, 0, 0 };
	const char *name;
	char *text;
	json_t *value;
	uint32_t crc, at;
	size_t len, n = 0, start;

	json_object_foreach(members, name, value) {
		text = json_is_string(value) ?
		    xstrdup(json_string_value(value)) :
		    json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		len = strlen(text);
		crc = crc32_of((unsigned char *)text, len);
		at = (uint32_t)out->len;
		add32(out, 0x04034b50);
		add_common(out, crc, len, strlen(name));
		buf_str(out, name);
		buf_add(out, text, len);
		add32(&directory, 0x02014b50);
		add16(&directory, 0x0314);	/* made on Unix */
		add_common(&directory, crc, len, strlen(name));
		add16(&directory, 0);		/* comment */
		add16(&directory, 0);		/* disk */
		add16(&directory, 0);		/* internal attributes */
		add32(&directory, 0100644U << 16);
		add32(&directory, at);
		buf_str(&directory, name);
		free(text);
		n++;
	}
	start = out->len;
	buf_add(out, directory.data, directory.len);
	add32(out, 0x06054b50);
	add32(out, 0);
	add16(out, (unsigned)n);
	add16(out, (unsigned)n);
	add32(out, (uint32_t)directory.len);
	add32(out, (uint32_t)start);
	add16(out, 0);
	buf_free(&directory);
}
