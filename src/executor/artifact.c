/*
 * Which object in S3 an artifact is, and what it holds.
 */
#include "artifact.h"
#include "details.h"
#include "report.h"
#include "zip.h"

int
artifact_sandbox(struct task *t, struct fail *fail)
{
	const struct job_artifact *a = &t->order.data.inputs[0];
	struct buf data;
	int rv = -1;

	if (t->facts.sandbox_id[0] != '\0')
		return 0;
	if (t->order.data.ninputs == 0)
		return fail_set(fail, FAIL_CONFIG, "the action has no input "
		    "artifact, so the worker does not know its sandbox: in the "
		    "pipeline definition, give it the output artifact of "
		    "Quali-Start-Sandbox as input artifact");
	report_progress(STEP_ARTIFACT_READ, a->name);
	buf_init(&data, ARTIFACT_MAX);
	if (s3_get(&t->s3, a, &data, fail) == 0)
		rv = details_read(buf_text(&data), data.len,
		    t->facts.sandbox_id, fail);
	buf_free(&data);
	return rv;
}

int
artifact_write(struct task *t, const char *member, const void *data,
    size_t len, struct fail *fail)
{
	const struct job_artifact *a = &t->order.data.outputs[0];
	struct buf zip;
	int rv;

	if (t->order.data.noutputs == 0)
		return 0;
	report_progress(STEP_ARTIFACT_WRITE, a->name);
	buf_init(&zip, ARTIFACT_MAX);
	rv = zip_write(&zip, member, data, len, fail);
	if (rv == 0)
		rv = s3_put(&t->s3, a, zip.data, zip.len, fail);
	buf_free(&zip);
	return rv;
}
