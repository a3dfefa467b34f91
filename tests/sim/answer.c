/*
 * Answers: the services put them together; libmicrohttpd sends them, also in
 * pieces, cut short or without end.
 */
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <microhttpd.h>

#include "state.h"

/* An answer's body while it is sent; shared bytes, or 'x' without end. */
struct stream {
	struct MHD_Connection *connection;
	struct blob *blob;
	uint64_t len, cut;	/* cut: break off after that many */
	size_t piece;
	int64_t piece_ms;
	double due_ms;
};

void
answer_clear(struct req *r)
{
	struct answer *a = &r->answer;
	int i;

	for (i = 0; i < a->nheaders; i++) {
		free(a->headers[i].name);
		free(a->headers[i].value);
	}
	buf_free(&a->body);
	blob_free(a->blob);
	memset(a, 0, sizeof(*a));
}

void
answer_header(struct req *r, const char *name, const char *value)
{
	struct answer *a = &r->answer;

	if (a->nheaders == sizeof(a->headers) / sizeof(a->headers[0]))
		return;
	a->headers[a->nheaders].name = xstrdup(name);
	a->headers[a->nheaders++].value = xstrdup(value);
}

/* Takes over the reference to body. */
void
answer_json(struct req *r, int status, json_t *body)
{
	char *s = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);

	json_decref(body);
	buf_str(&r->answer.body, s == NULL ? "null" : s);
	free(s);
	r->answer.status = status;
	answer_header(r, "Content-Type",
	    r->service == &codepipeline_service ?
	    "application/x-amz-json-1.1" : "application/json; charset=utf-8");
}

/* What AWS's services add: an id, ID_MAX bytes in id unless that is NULL, and
 * the date by the service's clock. */
void
answer_amazon(struct req *r, char *id)
{
	time_t t = time(NULL) +
	    (time_t)set_int(r->service->name, "clock_offset_s");
	char own[ID_MAX], date[40];
	struct tm tm;

	if (id == NULL)
		id = own;
	random_guid(id, false);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT",
	    gmtime_r(&t, &tm));
	answer_header(r, "x-amzn-RequestId", id);
	answer_header(r, "Date", date);
}

void
answer_text(struct req *r, int status, const char *type, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		err(1, "vasprintf");
	va_end(ap);
	buf_str(&r->answer.body, s);
	free(s);
	r->answer.status = status;
	if (type != NULL)
		answer_header(r, "Content-Type", type);
}

static ssize_t
stream_read(void *cls, uint64_t pos, char *out, size_t max)
{
	struct stream *s = cls;
	double now;

	if (pos >= s->cut)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (pos >= s->len)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (s->piece > 0) {
		if ((now = now_ms()) < s->due_ms) {
			MHD_suspend_connection(s->connection);
			park_connection(s->connection, s->due_ms);
			return 0;
		}
		s->due_ms = now + (double)s->piece_ms;
		if (max > s->piece)
			max = s->piece;
	}
	if (max > s->len - pos)
		max = s->len - pos;
	if (max > s->cut - pos)
		max = s->cut - pos;
	if (s->blob != NULL)
		memcpy(out, s->blob->data + pos, max);
	else
		memset(out, 'x', max);
	return (ssize_t)max;
}

static void
stream_free(void *cls)
{
	struct stream *s = cls;

	blob_free(s->blob);
	free(s);
}

static struct MHD_Response *
stream_response(struct req *r, enum act act)
{
	struct answer *a = &r->answer;
	struct stream *s = xcalloc(1, sizeof(*s));
	json_t *param = r->fault == NULL ? NULL : r->fault->param;
	bool chunked = false;

	s->connection = r->connection;
	if (a->blob == NULL)
		a->blob = blob_take(&a->body);
	s->blob = blob_ref(a->blob);
	s->len = s->blob->len;
	s->cut = UINT64_MAX;
	if (act == ACT_CUT)
		s->cut = s->len / 2;
	if (act == ACT_SLOW) {
		s->piece = (size_t)jint(param, "bytes", 1);
		s->piece_ms = jint(param, "ms", 10);
	}
	if (act == ACT_HUGE) {
		blob_free(s->blob);
		s->blob = NULL;
		s->len = (uint64_t)jint(param, "bytes", 64 << 20);
		chunked = jtrue(param, "chunked");
	}
	return MHD_create_response_from_callback(
	    chunked ? MHD_SIZE_UNKNOWN : s->len, 128 << 10, stream_read, s,
	    stream_free);
}

/* MHD's own Date is off, for services with a wrong clock. */
static void
add_date(struct req *r)
{
	struct answer *a = &r->answer;
	time_t now = time(NULL);
	struct tm tm;
	char text[40];
	int i;

	for (i = 0; i < a->nheaders; i++)
		if (strcasecmp(a->headers[i].name, "Date") == 0)
			return;
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT",
	    gmtime_r(&now, &tm));
	answer_header(r, "Date", text);
}

int
answer_send(struct req *r, enum act act)
{
	struct answer *a = &r->answer;
	struct MHD_Response *response;
	enum MHD_Result ok;
	int i;

	if (act == ACT_SEND && a->blob == NULL) {
		response = MHD_create_response_from_buffer(a->body.len,
		    a->body.data, MHD_RESPMEM_MUST_FREE);
		memset(&a->body, 0, sizeof(a->body));
	} else
		response = stream_response(r, act);
	if (response == NULL)
		return MHD_NO;
	add_date(r);
	for (i = 0; i < a->nheaders; i++)
		MHD_add_response_header(response, a->headers[i].name,
		    a->headers[i].value);
	ok = MHD_queue_response(r->connection, (unsigned)a->status, response);
	MHD_destroy_response(response);
	return ok;
}
