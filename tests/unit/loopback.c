#include <sys/socket.h>

#include <netinet/in.h>

#include <err.h>
#include <errno.h>
#include <unistd.h>

#include "loopback.h"

static int
tcp_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		err(1, "this test needs 127.0.0.1: socket");
	return fd;
}

int
loopback_bind(int *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	int fd = tcp_socket(), probe = tcp_socket();

	if (bind(fd, (struct sockaddr *)&sin, len) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		err(1, "this test needs 127.0.0.1: bind");
	/* An interface that is down accepts the bind, but nothing reaches
	 * it. */
	if (connect(probe, (struct sockaddr *)&sin, len) == -1 &&
	    errno != ECONNREFUSED)
		err(1, "this test needs 127.0.0.1: connect");
	(void)close(probe);
	*port = ntohs(sin.sin_port);
	return fd;
}
