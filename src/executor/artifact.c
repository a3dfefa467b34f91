/*
 * The job's artifacts: which object, and what is in it.
 */
#include <stdlib.h>
#include <string.h>

#include "executor.h"

int
artifact_sandbox(struct exec *x, char id[SANDBOX_ID_SIZE], struct fail *fail)
{
	const struct job_artifact *a = &x->order.data.inputs[0];
	struct buf data;
	int rv = -1;

	if (x->order.data.ninputs == 0)
		return fail_set(fail, FAIL_CONFIG, "the action has no input "
		    "artifact, so that its sandbox is not known: give it the "
		    "output artifact of a Quali-Start-Sandbox action as input "
		    "artifact in the pipeline definition");
	report_progress(STEP_ARTIFACT_READ, a->name);
	buf_init(&data, ARTIFACT_MAX);
	if (s3_get(x, a, &data, fail) == 0)
		rv = details_read(buf_text(&data), data.len, id, fail);
	buf_free(&data);
	return rv;
}

int
artifact_write(struct exec *x, const char *member, const void *data,
    size_t len, struct fail *fail)
{
	const struct job_artifact *a = &x->order.data.outputs[0];
	struct buf zip;
	int rv;

	if (x->order.data.noutputs == 0)
		return 0;
	report_progress(STEP_ARTIFACT_WRITE, a->name);
	buf_init(&zip, ARTIFACT_MAX);
	rv = zip_write(&zip, member, data, len, fail);
	if (rv == 0)
		rv = s3_put(x, a, zip.data, zip.len, fail);
	buf_free(&zip);
	return rv;
}
