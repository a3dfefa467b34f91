/*
 * The way to a server, step by step: proxy, name, TCP, TLS.
 */
#ifndef CHECK_PEER_H
#define CHECK_PEER_H

#include <stdbool.h>

#include "peer.h"

/* A line for each step; those after the one that fails are skipped. Whether the
 * server can be reached. */
bool	check_peer(struct findings *, const struct peer *);

/* Whether there is TLS where the URL says plain http. */
bool	check_peer_speaks_tls(const struct peer *);

#endif
