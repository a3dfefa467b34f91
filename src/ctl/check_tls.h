/*
 * The last step to a server: TLS, its certificate, and how to trust it.
 */
#ifndef CHECK_TLS_H
#define CHECK_TLS_H

#include "peer.h"

/* Each adds the line "GROUP.tls". */

/* For a URL with https that was reached. */
void	check_tls_good(struct look *);
/* For a probe that failed in this step. */
void	check_tls_failed(struct look *);
/* For a URL without TLS. */
void	check_tls_plain(struct look *);

#endif
