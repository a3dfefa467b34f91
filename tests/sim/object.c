/*
 * The objects S3 holds.
 */
#include <stdlib.h>
#include <string.h>

#include "state.h"

static TAILQ_HEAD(, object) objects = TAILQ_HEAD_INITIALIZER(objects);
static struct table objects_by_name;

static void
object_clear(struct object *o)
{
	blob_free(o->blob);
	free(o->kms_key);
	free(o->type);
	free(o->checksum);
	o->kms_key = o->type = o->checksum = NULL;
}

static char *
object_name(const char *bucket, const char *key)
{
	struct buf b = { NULL, 0, 0 };

	buf_fmt(&b, "%s/%s", bucket, key);
	return b.data;
}

struct object *
object_get(const char *bucket, const char *key)
{
	char *name = object_name(bucket, key);
	struct object *o = table_get(&objects_by_name, name);

	free(name);
	return o;
}

/* Takes over the reference to blob. */
struct object *
object_put(const char *bucket, const char *key, struct blob *blob, bool kms,
    const char *kms_key, const char *type)
{
	struct object *o = object_get(bucket, key);
	char *name;

	if (o == NULL) {
		o = xcalloc(1, sizeof(*o));
		o->bucket = xstrdup(bucket);
		o->key = xstrdup(key);
		name = object_name(bucket, key);
		table_put(&objects_by_name, name, o);
		free(name);
		TAILQ_INSERT_TAIL(&objects, o, next);
	} else
		object_clear(o);
	o->blob = blob;
	o->kms = kms;
	o->kms_key = kms_key == NULL ? NULL : xstrdup(kms_key);
	o->type = xstrdup(type == NULL ? "binary/octet-stream" : type);
	o->wall = now_wall();
	random_text(o->etag + 1, 33, "0123456789abcdef");
	o->etag[0] = o->etag[33] = '"';
	o->etag[34] = '\0';
	return o;
}

json_t *
object_list(void)
{
	json_t *all = json_array();
	struct object *o;

	TAILQ_FOREACH(o, &objects, next)
		json_array_append_new(all, json_pack("{ss ss sI sb ss? ss}",
		    "bucket", o->bucket, "key", o->key,
		    "size", (json_int_t)o->blob->len, "kms", o->kms,
		    "kms_key", o->kms_key, "type", o->type));
	return json_pack("{so}", "objects", all);
}

void
object_reset(void)
{
	struct object *o;

	while ((o = TAILQ_FIRST(&objects)) != NULL) {
		TAILQ_REMOVE(&objects, o, next);
		object_clear(o);
		free(o->bucket);
		free(o->key);
		free(o);
	}
	table_clear(&objects_by_name);
}
