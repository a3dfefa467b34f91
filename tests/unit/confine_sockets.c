/*
 * Attempts to reach other processes by sockets, and to be reached.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/confine_attempts.h"

#define PROTOCOL_MPTCP	262

static int
connect_to(const char *path, int type)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	(void)strlcpy(a.sun_path, path, sizeof(a.sun_path));
	if (fd == -1 || connect(fd, (struct sockaddr *)&a, sizeof(a)) == -1)
		return -1;
	return fd;
}

/* The scene's socket, and where there are any, the machine's own. */
static int
reach(const char *path, const char *const *real, int type)
{
	int fd = connect_to(path, type), rv = attempt_result(fd);

	if (fd != -1 && type == SOCK_DGRAM)
		rv = attempt_result(send(fd, "x", 1, 0));
	for (; *real != NULL; real++)
		if (connect_to(*real, type) != -1)
			rv = 0;
	return rv;
}

static int
reach_control(struct scene *s)
{
	static const char *const real[] = {
	    "/run/quali-job-worker/control", NULL };

	return reach(scene_path(s, "control"), real, SOCK_STREAM);
}

static int
reach_bus(struct scene *s)
{
	static const char *const real[] = { "/run/dbus/system_bus_socket",
	    "/run/systemd/private", NULL };

	return reach(scene_path(s, "control"), real, SOCK_STREAM);
}

static int
reach_journal(struct scene *s)
{
	static const char *const real[] = { "/run/systemd/journal/socket",
	    "/run/systemd/notify", "/dev/log", NULL };

	return reach(scene_path(s, "journal"), real, SOCK_DGRAM);
}

static int
reach_abstract(struct scene *s)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd == -1 ? errno : attempt_result(connect(fd,
	    (struct sockaddr *)&s->address, s->address_len));
}

static int
by_pair(struct scene *s, int type)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fds[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) == -1)
		return errno;
	(void)strlcpy(a.sun_path, scene_path(s, "journal"),
	    sizeof(a.sun_path));
	return attempt_result(sendto(fds[0], "x", 1, MSG_NOSIGNAL,
	    (struct sockaddr *)&a, sizeof(a)));
}

/* A pair of datagrams reaches any other socket of datagrams. */
static int
pair_of_datagrams(struct scene *s)
{
	return by_pair(s, SOCK_DGRAM);
}

/* What is allowed does not: not even without confinement. */
static int
pair_of_streams(struct scene *s)
{
	return by_pair(s, SOCK_STREAM);
}

static int
try_socket(int family, int type, int protocol)
{
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	return attempt_result(fd);
}

static int
netlink_route(struct scene *s)
{
	(void)s;
	return try_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static int
netlink_events(struct scene *s)
{
	(void)s;
	return try_socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT);
}

static int
raw(struct scene *s)
{
	(void)s;
	return try_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int
raw6(struct scene *s)
{
	(void)s;
	return try_socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
}

static int
packet(struct scene *s)
{
	(void)s;
	return try_socket(AF_PACKET, SOCK_RAW, 0);
}

static int
echo(struct scene *s)
{
	(void)s;
	return try_socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
}

static int
light(struct scene *s)
{
	(void)s;
	return try_socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);
}

static int
multipath(struct scene *s)
{
	(void)s;
	return try_socket(AF_INET, SOCK_STREAM, PROTOCOL_MPTCP);
}

static int
crypto(struct scene *s)
{
	(void)s;
	return try_socket(AF_ALG, SOCK_SEQPACKET, 0);
}

static int
virtual(struct scene *s)
{
	(void)s;
	return try_socket(AF_VSOCK, SOCK_STREAM, 0);
}

static int
bind_socket(int type)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	return fd == -1 ? errno : attempt_result(bind(fd,
	    (struct sockaddr *)&here, sizeof(here)));
}

static int
bind_stream(struct scene *s)
{
	(void)s;
	return bind_socket(SOCK_STREAM);
}

static int
bind_datagrams(struct scene *s)
{
	(void)s;
	return bind_socket(SOCK_DGRAM);
}

/* A socket that is not bound gets a port of the kernel's choice. */
static int
listen_unbound(struct scene *s)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)s;
	return fd == -1 ? errno : attempt_result(listen(fd, 1));
}

static int
take_connection(struct scene *s)
{
	int fd = accept(s->control, NULL, NULL);

	return fd == -1 && errno == EAGAIN ? 0 : attempt_result(fd);
}

static int
try_option(int level, int name, const void *value, socklen_t size)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd == -1 ? errno : attempt_result(setsockopt(fd, level, name,
	    value, size));
}

static int
attach_filter(struct scene *s)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, 0xffff);
	struct sock_fprog program = { 1, &all };

	(void)s;
	return try_option(SOL_SOCKET, SO_ATTACH_FILTER, &program,
	    sizeof(program));
}

static int
share_port(struct scene *s)
{
	int on = 1;

	(void)s;
	return try_option(SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
}

static int
choose_algorithm(struct scene *s)
{
	(void)s;
	return try_option(IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
}

static int
choose_device(struct scene *s)
{
	(void)s;
	return try_option(SOL_SOCKET, SO_BINDTODEVICE, "lo", 2);
}

const struct attempt attempts_sockets[] = {
	{ "connect to the control socket", reach_control, EPERM, MARKS },
	{ "connect to D-Bus", reach_bus, EPERM, MARKS },
	{ "send to the journal", reach_journal, EPERM, MARKS },
	{ "connect to an abstract socket", reach_abstract, EPERM, MARKS },
	{ "send by a pair of datagrams", pair_of_datagrams, EPERM, MARKS },
	{ "send by a pair of streams", pair_of_streams, EISCONN, MAYBE },
	{ "netlink", netlink_route, EPERM, 0 },
	{ "netlink for events", netlink_events, EPERM, 0 },
	{ "raw socket", raw, EPERM, ROOT },
	{ "raw IPv6 socket", raw6, EPERM, ROOT | MAYBE },
	{ "packet socket", packet, EPERM, ROOT | MAYBE },
	{ "ICMP socket", echo, EPERM, MAYBE },
	{ "UDP-Lite socket", light, EPERM, MAYBE },
	{ "MPTCP socket", multipath, EPERM, MAYBE },
	{ "AF_ALG socket", crypto, EPERM, MAYBE },
	{ "AF_VSOCK socket", virtual, EPERM, MAYBE },
	{ "bind a stream", bind_stream, EPERM, 0 },
	{ "bind for datagrams", bind_datagrams, EPERM, 0 },
	{ "listen", listen_unbound, EPERM, 0 },
	{ "accept", take_connection, EPERM, 0 },
	{ "setsockopt SO_ATTACH_FILTER", attach_filter, EPERM, MAYBE },
	{ "setsockopt SO_REUSEPORT", share_port, EPERM, 0 },
	{ "setsockopt TCP_CONGESTION", choose_algorithm, EPERM, MAYBE },
	{ "setsockopt SO_BINDTODEVICE", choose_device, EPERM, MAYBE },
};
const size_t nattempts_sockets =
    sizeof(attempts_sockets) / sizeof(attempts_sockets[0]);
