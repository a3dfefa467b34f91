/*
 * The request log: each finished request as one line of JSON, kept in a
 * ring for GET /requests and written to the log file if there is one.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

struct note {
	uint64_t seq;
	const struct service *service;
	char operation[64];
	size_t len;
	char *text;
};

static struct note notes[NOTE_MAX];
static uint64_t first_seq = 1, next_seq = 1;	/* kept: [first, next) */
static size_t kept_bytes;
static FILE *file;

void
note_open(const char *path)
{
	file = fopen(path, "ae");
	if (file == NULL)
		err(1, "%s", path);
}

void
note_close(void)
{
	note_reset();
	if (file != NULL)
		fclose(file);
}

static struct note *
note_at(uint64_t seq)
{
	return &notes[seq % NOTE_MAX];
}

static void
note_drop(void)
{
	struct note *n = note_at(first_seq++);

	kept_bytes -= n->len;
	free(n->text);
	memset(n, 0, sizeof(*n));
}

void
note_reset(void)
{
	while (first_seq < next_seq)
		note_drop();
}

uint64_t
note_next(void)
{
	return next_seq;
}

/* Bytes that are not ASCII come out as Latin-1. */
static void
add_text(struct buf *b, const char *s)
{
	char *quoted;

	buf_str(b, "\"");
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\') {
			char pair[2] = { '\\', (char)c };

			buf_add(b, pair, 2);
		} else if (c < 0x20 || c >= 0x7f) {
			if (asprintf(&quoted, "\\u%04x", c) < 0)
				err(1, "asprintf");
			buf_str(b, quoted);
			free(quoted);
		} else
			buf_add(b, s, 1);
	}
	buf_str(b, "\"");
}

static const char *
signature_word(enum sig sig)
{
	switch (sig) {
	case SIG_NA:
		return "n/a";
	case SIG_NONE:
		return "none";
	case SIG_OK:
	case SIG_EXPIRED:	/* checked last: the signature is right */
		return "ok";
	default:
		return "bad";
	}
}

static void
note_render(struct buf *b, struct req *r, int status)
{
	bool cut = r->body.len > NOTE_BODY_MAX;
	int i;

	buf_fmt(b, "{\"seq\":%llu,\"time_ms\":%.6f,\"wall\":%.6f,"
	    "\"service\":\"%s\",\"operation\":", (unsigned long long)next_seq,
	    r->time_ms, r->wall, r->service->name);
	add_text(b, r->operation);
	buf_str(b, ",\"method\":");
	add_text(b, r->method);
	buf_str(b, ",\"target\":");
	add_text(b, r->target);
	buf_str(b, ",\"headers\":[");
	for (i = 0; i < r->nheaders; i++) {
		buf_str(b, i > 0 ? ",[" : "[");
		add_text(b, r->headers[i].name);
		buf_str(b, ",");
		add_text(b, r->headers[i].value);
		buf_str(b, "]");
	}
	buf_str(b, "],\"body\":\"");
	buf_base64(b, r->body.data, cut ? NOTE_BODY_MAX : r->body.len);
	buf_fmt(b, "\",\"body_bytes\":%zu,\"body_cut\":%s,\"status\":%d,"
	    "\"connection\":%llu,\"connection_request\":%llu,"
	    "\"signature\":\"%s\",\"why\":", r->body.len,
	    cut || r->too_big ? "true" : "false", status,
	    (unsigned long long)r->connection_id,
	    (unsigned long long)r->connection_request,
	    signature_word(r->sig));
	add_text(b, r->why);
	buf_str(b, ",\"fault\":");
	if (r->fault != NULL)
		add_text(b, r->fault->kind);
	else
		buf_str(b, "null");
	buf_str(b, ",\"job\":");
	if (r->job[0] != '\0')
		add_text(b, r->job);
	else
		buf_str(b, "null");
	buf_str(b, "}");
}

void
note_add(struct req *r, int status)
{
	struct buf b = { NULL, 0, 0 };
	struct note *n;

	note_render(&b, r, status);
	if (file != NULL) {
		fwrite(b.data, 1, b.len, file);
		fputc('\n', file);
		fflush(file);
	}
	while (next_seq - first_seq >= NOTE_MAX ||
	    (kept_bytes + b.len > NOTE_BYTES_MAX && first_seq < next_seq))
		note_drop();
	n = note_at(next_seq);
	n->seq = next_seq++;
	n->service = r->service;
	memcpy(n->operation, r->operation, sizeof(n->operation));
	n->len = b.len;
	n->text = xrealloc(b.data, b.len + 1);
	kept_bytes += b.len;
}

void
note_list(struct buf *out, uint64_t since, const char *service,
    const char *operation, long limit)
{
	uint64_t seq = since > first_seq ? since : first_seq;
	struct note *n;
	long found = 0;

	buf_str(out, "{\"requests\":[");
	for (; seq < next_seq && found < limit; seq++) {
		n = note_at(seq);
		if (service != NULL && strcmp(service, n->service->name) != 0)
			continue;
		if (operation != NULL &&
		    strcmp(operation, n->operation) != 0)
			continue;
		if (found++ > 0)
			buf_str(out, ",\n");
		buf_add(out, n->text, n->len);
	}
	buf_fmt(out, "],\"next\":%llu}", (unsigned long long)seq);
}
