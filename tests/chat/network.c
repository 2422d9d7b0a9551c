/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stands in for getaddrinfo(3) and connect(2), by the linker's --wrap. */
#include "common/base.h"
#include "tests/chat/network.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include "common/log.h"

int __real_getaddrinfo(const char *host, const char *service,
		       const struct addrinfo *hints, struct addrinfo **out);
int __wrap_getaddrinfo(const char *host, const char *service,
		       const struct addrinfo *hints, struct addrinfo **out);
int __real_connect(int fd, const struct sockaddr *to, socklen_t n);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t n);

static const char *directory;

void network_set(const char *dir)
{
	directory = dir;
}

void network_path(const char *dir, const char *at,
		  char path_r[NETWORK_PATH_MAX])
{
	snprintf(path_r, NETWORK_PATH_MAX, "%s/%s%s", dir,
		 strchr(at, '.') ? "" : "port-", at);
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
}

int network_listen(const char *path)
{
	const struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 4) < 0)
		die_temp("%s: %s", path, strerror(errno));
	return fd;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), n_end = strlen(end);

	return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

int __wrap_getaddrinfo(const char *host, const char *service,
		       const struct addrinfo *hints, struct addrinfo **out)
{
	struct addrinfo numeric = *hints;
	const char *address = NULL;

	if (ends_with(host, ".example"))
		address = "11.22.33.44";
	if (ends_with(host, ".private"))
		address = "10.20.30.40";
	if (!address)
		return EAI_NONAME;
	numeric.ai_flags = AI_NUMERICHOST;
	return __real_getaddrinfo(address, service, &numeric, out);
}

/* The descriptor that was to be connected becomes a connected one. */
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t n)
{
	char port[8], path[NETWORK_PATH_MAX];
	struct sockaddr_un address;
	struct sockaddr_in in;
	int there, flags;

	if (to->sa_family != AF_INET)
		return __real_connect(fd, to, n);
	memcpy(&in, to, sizeof(in));
	snprintf(port, sizeof(port), "%u", ntohs(in.sin_port));
	network_path(directory, port, path);
	address = address_of(path);
	there = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	flags = fcntl(fd, F_GETFD);
	if (there >= 0 &&
	    __real_connect(there, (const struct sockaddr *)&address,
			   sizeof(address)) == 0 &&
	    dup3(there, fd, flags & FD_CLOEXEC ? O_CLOEXEC : 0) == fd) {
		close(there);
		return 0;
	}
	close(there);
	errno = ECONNREFUSED;
	return -1;
}
