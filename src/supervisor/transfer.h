/*
 * libcurl's multi handle on the loop.
 */
#ifndef TRANSFER_H
#define TRANSFER_H

#include <systemd/sd-event.h>

#include "fail.h"
#include "http.h"

struct transfers;
struct transfer;

/* done is called from a deferred event source, never from within a libcurl
 * callback or transfer_start; code as http_finish returned: 0 or -1 with fail.
 * The transfer is freed after it returns. */
typedef void	(*transfer_done)(int code, const struct http_answer *,
		    const struct fail *, void *);

struct transfers *transfers_new(sd_event *);
void		  transfers_free(struct transfers *);	/* ends all, without
							   calling done */
/* Start a request; method, url, headers and body are copied. NULL with fail if
 * it cannot even begin. */
struct transfer	 *transfer_start(struct transfers *,
		    const struct http_request *, transfer_done, void *,
		    struct fail *);
void		  transfer_cancel(struct transfer *);	/* done is not called */

#endif
