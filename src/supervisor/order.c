/*
 * The order of an executor.
 */
#include <errno.h>
#include <string.h>

#include "ipc.h"
#include "ipc_order.h"
#include "mem.h"
#include "order.h"
#include "password.h"
#include "sys.h"
#include "utf8.h"

static void
put_places(const struct order_terms *terms, struct ipc_order *order)
{
	const struct conf *conf = terms->conf;

	order->s3.region = xstrdup(terms->region);
	order->s3.endpoint = xstrdup(terms->s3_endpoint);
	order->s3.use_fips = terms->use_fips;
	order->s3.use_dualstack = terms->use_dualstack;
	order->s3.user_agent = xstrdup(terms->user_agent);
	order->s3.max_attempts = terms->max_attempts;
	order->cloudshell.url = xstrdup(conf->cloudshell.url);
	order->cloudshell.user = xstrdup(conf->cloudshell.user);
	order->cloudshell.domain = xstrdup(conf->cloudshell.domain);
	order->cloudshell.verify = conf->cloudshell.verify;
	order->cloudshell.portal_url = xstrdup(conf->cloudshell.portal_url);
}

static void
put_policy(const struct conf *conf, struct ipc_order *order)
{
	order->policy.wait_first_ms = conf->worker.wait_first;
	order->policy.wait_max_ms = conf->worker.wait_max;
	/* Keeps all slots together under the request rate. */
	order->policy.wait_floor_ms = conf->worker.max_jobs * 1000 /
	    conf->worker.max_request_rate;
	order->policy.http_timeout_ms = conf->worker.http_timeout;
	order->policy.stop_ms = conf->worker.kill_grace * 4 / 5;
	order->policy.tag_sandbox_names = conf->worker.tag_sandbox_names;
	order->policy.keep_failed_setup =
	    conf->start.on_setup_failure == SETUP_FAILURE_KEEP;
	order->policy.command_output = conf->run.output_variable;
	order->policy.wait_for_teardown = conf->end.wait_for_teardown;
}

/* What a file of certificates holds: executors cannot read it. What is not
 * UTF-8 in it can only be a remark. */
static int
read_certificates(const char *setting, const char *path, char **text,
    struct fail *fail)
{
	if (path == NULL)
		return 0;
	if ((*text = sys_read_file(path, IPC_CA_MAX, NULL)) == NULL)
		return fail_set(fail, FAIL_CONFIG, "%s: %s: %s", setting, path,
		    strerror(errno));
	utf8_clean(*text, true);
	return 0;
}

static int
put_certificates(const struct order_terms *terms, struct ipc_order *order,
    struct fail *fail)
{
	const struct conf *conf = terms->conf;

	if (conf->cloudshell.verify &&
	    read_certificates("cloudshell.ca_file", conf->cloudshell.ca_file,
	    &order->cloudshell.ca, fail) != 0)
		return -1;
	return read_certificates("aws.ca_file or AWS_CA_BUNDLE",
	    terms->ca_file, &order->s3.ca, fail);
}

int
order_write(struct buf *line, const struct life *life, struct job_data *data,
    const struct order_terms *terms, const struct life_now *now,
    struct fail *fail)
{
	struct ipc_order order = { 0 };
	int rc;

	put_places(terms, &order);
	put_policy(terms->conf, &order);
	if (put_certificates(terms, &order, fail) == 0)
		order.cloudshell.password = password_get(terms->conf,
		    terms->password, fail);
	if (order.cloudshell.password == NULL) {
		ipc_order_free(&order);
		return -1;
	}
	order.kind = life->cleaning ? ORDER_CLEANUP : ORDER_RUN;
	order.action = life->action;
	order.remaining_ms = life_remaining(life, now);
	order.resumed = life->resumed;
	if (!life->cleaning) {
		order.data = *data;		/* with its secrets */
		memset(data, 0, sizeof(*data));
		order.data.nonce[0] = '\0';	/* the executor has no use for
						   it */
	}
	(void)strlcpy(order.data.id, life->id, sizeof(order.data.id));
	job_facts_copy(&order.facts, &life->facts);
	rc = ipc_order_encode(line, &order);
	if (rc != 0)
		(void)fail_set(fail, FAIL_SYSTEM, "the order is larger than "
		    "%d bytes or not UTF-8", IPC_ORDER_MAX);
	ipc_order_free(&order);
	return rc;
}
