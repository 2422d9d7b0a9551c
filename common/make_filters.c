/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Run by make: writes the seccomp filters of all rows as the C source that
 * common/sandbox_calls.c includes. libseccomp takes a millisecond to think a
 * filter up, which would be a large part of what a connection costs; and so no
 * handler links it. The tables below are the lists: what is not on them fails
 * with ENOSYS, as on an older kernel, and libraries know what to do then.
 */
#include "common/base.h"
#include "common/sandbox_calls.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/netlink.h>
#include <seccomp.h>

enum {
	RECEIVER = 1 << SANDBOX_RECEIVER,
	PROXY = 1 << SANDBOX_PROXY,
	COLLECTOR = 1 << SANDBOX_COLLECTOR,
	DIALLER = 1 << SANDBOX_DIALLER,
	LEDGER = 1 << SANDBOX_LEDGER,
	SESSION = RECEIVER | PROXY | COLLECTOR,
	TALKS = SESSION | DIALLER, /* the ledger has no peer */
	WRITES = SESSION | LEDGER,
	ALL = SESSION | DIALLER | LEDGER,
};

/*
 * Beside each call stands what it is for, or, where its arguments could do more
 * than its name says, why they cannot here. "Own" is what the process could do
 * by itself as well: to its memory, its time, its descriptors.
 */
static const struct {
	int call;
	unsigned rows;
} calls[] = {
	/* Descriptors that are there: the peer, the log, files. */
	{SCMP_SYS(read), ALL},
	{SCMP_SYS(readv), ALL},
	{SCMP_SYS(write), ALL},
	{SCMP_SYS(writev), ALL}, /* a libc's stdio, syslog(3) */
	{SCMP_SYS(close), ALL},
	{SCMP_SYS(poll), TALKS},  /* every wait for a peer */
	{SCMP_SYS(ppoll), TALKS}, /* the same where there is no poll */
	{SCMP_SYS(recvfrom), TALKS},
	/* The end of one direction: of sockets that are this process's alone,
	 * for none that listens is handed to a session. */
	{SCMP_SYS(shutdown), TALKS},
	{SCMP_SYS(getpeername), TALKS}, /* whom the log names */
	{SCMP_SYS(getsockname), TALKS},
	{SCMP_SYS(getsockopt), TALKS}, /* SO_PEERCRED, SO_ERROR: only tells */
	/* The dialled descriptor. Who could send another has the same rights.
	 */
	{SCMP_SYS(recvmsg), PROXY | DIALLER},
	/* The same; a resolver's queries. It may send to whom it may connect
	 * to, and pass on what it may open. */
	{SCMP_SYS(sendmsg), DIALLER},
	{SCMP_SYS(sendmmsg), DIALLER},
	/* Options of its own sockets, which are made here, and of its one to
	 * the session; what reaches further needs a capability. */
	{SCMP_SYS(setsockopt), DIALLER},
	{SCMP_SYS(sendto), DIALLER}, /* rtnetlink */

	/* Reading files, those that Landlock leaves; of the others names,
	 * sizes and times can be asked, as far as permissions go. */
	{SCMP_SYS(open), ALL},
	{SCMP_SYS(openat), ALL},
	{SCMP_SYS(access), ALL},
	{SCMP_SYS(faccessat), ALL},
	{SCMP_SYS(faccessat2), ALL},
	{SCMP_SYS(stat), ALL},
	{SCMP_SYS(fstat), ALL},
	{SCMP_SYS(lstat), ALL},
	{SCMP_SYS(newfstatat), ALL},
	{SCMP_SYS(statx), ALL},
	{SCMP_SYS(lseek), ALL},
	{SCMP_SYS(pread64), ALL}, /* records, counters */
	{SCMP_SYS(getdents64), ALL},
	{SCMP_SYS(readlink), ALL},
	{SCMP_SYS(readlinkat), ALL},
	{SCMP_SYS(fstatfs), SESSION}, /* the room that is left */
	{SCMP_SYS(statfs), SESSION},

	/* Keeping and deleting messages, appending to spools: by descriptor
	 * what was opened for it, by name what Landlock leaves. linkat of a
	 * descriptor (AT_EMPTY_PATH) needs a capability. */
	{SCMP_SYS(pwrite64), WRITES},
	{SCMP_SYS(fsync), WRITES},
	{SCMP_SYS(fdatasync), LEDGER},
	{SCMP_SYS(ftruncate), WRITES},
	{SCMP_SYS(fallocate), SESSION},
	{SCMP_SYS(link), SESSION},
	{SCMP_SYS(linkat), SESSION}, /* the commit point */
	{SCMP_SYS(unlink), WRITES},
	{SCMP_SYS(unlinkat), WRITES},
	{SCMP_SYS(rename), WRITES},
	{SCMP_SYS(renameat), WRITES}, /* into gone/ */
	{SCMP_SYS(renameat2), WRITES},
	{SCMP_SYS(mkdir), LEDGER}, /* of a mailbox that is new */
	{SCMP_SYS(mkdirat), LEDGER},
	{SCMP_SYS(umask), SESSION}, /* own */

	/* Own memory, see also below. mremap keeps the protection that is. */
	{SCMP_SYS(brk), ALL},
	{SCMP_SYS(munmap), ALL},
	{SCMP_SYS(mremap), ALL}, /* realloc() of much */
	{SCMP_SYS(madvise), ALL},
	{SCMP_SYS(mlock), WRITES}, /* struct secret; RLIMIT_MEMLOCK bounds */
	{SCMP_SYS(mlock2), WRITES},
	{SCMP_SYS(munlock), WRITES},
	{SCMP_SYS(mmap), DIALLER}, /* modules that resolve names are code */
	{SCMP_SYS(mprotect), DIALLER},

	/* Time and chance, own. No timer here signals another process. */
	{SCMP_SYS(clock_gettime), ALL},
	{SCMP_SYS(clock_nanosleep), TALKS}, /* waiting for a lock; throttles */
	{SCMP_SYS(gettimeofday), ALL},
	{SCMP_SYS(nanosleep), ALL},
	{SCMP_SYS(time), ALL},
	{SCMP_SYS(getrandom), ALL}, /* keys, names, TLS */

	/* What a libc does by itself. */
	{SCMP_SYS(futex), ALL}, /* in shared memory: a wake-up too many */
	{SCMP_SYS(sched_yield), ALL},
	{SCMP_SYS(sched_getaffinity), ALL}, /* how many processors there are */
	{SCMP_SYS(sysinfo), ALL},	    /* qsort() of much */
	{SCMP_SYS(uname), ALL},
	{SCMP_SYS(getpid), ALL},
	{SCMP_SYS(gettid), ALL},
	{SCMP_SYS(getppid), ALL},
	{SCMP_SYS(getuid), ALL},
	{SCMP_SYS(geteuid), ALL},
	{SCMP_SYS(getgid), ALL},
	{SCMP_SYS(getegid), ALL},
	{SCMP_SYS(rt_sigaction), ALL}, /* own */
	{SCMP_SYS(rt_sigprocmask), ALL},
	{SCMP_SYS(rt_sigreturn), ALL},
	{SCMP_SYS(restart_syscall), ALL}, /* a wait that a stop broke off */
	{SCMP_SYS(exit), ALL},
	{SCMP_SYS(exit_group), ALL},

	/* A proxy waits for its dialler, its one child, and signals nobody. */
	{SCMP_SYS(wait4), PROXY},

	/* A collector gives up more once it has logged in; none gives back. */
	{SCMP_SYS(landlock_create_ruleset), COLLECTOR},
	{SCMP_SYS(landlock_add_rule), COLLECTOR},
	{SCMP_SYS(landlock_restrict_self), COLLECTOR},

	/* The dialler's trade, see also below. Whom it connects to is what it
	 * yields (docs/architecture.md). */
	{SCMP_SYS(connect), DIALLER},
	{SCMP_SYS(dup2), DIALLER}, /* a connection in place of another */
	{SCMP_SYS(dup3), DIALLER},
};

/* clang-format off */
#define ARG(n, value) {n, SCMP_CMP_EQ, value, 0}
#define ARG_LACKS(n, bits) {n, SCMP_CMP_MASKED_EQ, bits, 0}
#define OPTION(level, option) {ARG(1, level), ARG(2, option)}
/* clang-format on */

/* Allowed where the arguments are such. */
static const struct {
	int call;
	unsigned rows;
	struct scmp_arg_cmp args[2];
} guarded[] = {
	/*
	 * Not F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY: with them
	 * a descriptor sends any signal to any process of the same user.
	 */
	{SCMP_SYS(fcntl), ALL, {ARG(1, F_GETFL)}},
	{SCMP_SYS(fcntl), ALL, {ARG(1, F_SETFL), ARG_LACKS(2, O_ASYNC)}},
	{SCMP_SYS(fcntl), ALL, {ARG(1, F_GETFD)}},
	{SCMP_SYS(fcntl), ALL, {ARG(1, F_SETFD)}},
	{SCMP_SYS(fcntl), WRITES, {ARG(1, F_OFD_SETLK)}},
	{SCMP_SYS(fcntl), SESSION, {ARG(1, F_OFD_SETLKW)}}, /* a throttle's */
	/* How long an answer is. FIOSETOWN and SIOCSPGRP are F_SETOWN again. */
	{SCMP_SYS(ioctl), DIALLER, {ARG(1, FIONREAD)}},

	/*
	 * To whom it is connected. With an address syslog's datagram socket,
	 * which is open under xinetd, reaches every other one of the host.
	 */
	{SCMP_SYS(sendto), SESSION, {ARG(4, 0)}},
	/* What common/wire.c sets, and no route, filter or upper protocol. */
	{SCMP_SYS(setsockopt), SESSION, OPTION(SOL_SOCKET, SO_KEEPALIVE)},
	{SCMP_SYS(setsockopt), SESSION, OPTION(IPPROTO_TCP, TCP_NODELAY)},
	{SCMP_SYS(setsockopt), SESSION, OPTION(IPPROTO_TCP, TCP_KEEPIDLE)},
	{SCMP_SYS(setsockopt), SESSION, OPTION(IPPROTO_TCP, TCP_KEEPINTVL)},
	{SCMP_SYS(setsockopt), SESSION, OPTION(IPPROTO_TCP, TCP_KEEPCNT)},
	{SCMP_SYS(setsockopt), SESSION, OPTION(IPPROTO_TCP, TCP_USER_TIMEOUT)},

	/* Memory that is not code. */
	{SCMP_SYS(mmap), WRITES, {ARG_LACKS(2, PROT_EXEC)}},
	{SCMP_SYS(mprotect), WRITES, {ARG_LACKS(2, PROT_EXEC)}},
	/* abort() on ourselves. */
	{SCMP_SYS(tgkill), ALL, {ARG(0, SANDBOX_OWN_PID)}},
	/* Limits are asked for, not set. */
	{SCMP_SYS(prlimit64), ALL, {ARG(2, 0)}},

	{SCMP_SYS(socket), DIALLER, {ARG(0, AF_UNIX)}}, /* nscd, resolved */
	{SCMP_SYS(socket), DIALLER, {ARG(0, AF_INET)}},
	{SCMP_SYS(socket), DIALLER, {ARG(0, AF_INET6)}},
	/* Our own addresses are asked of rtnetlink, of no other one; and only
	 * such a socket is bound, none that could receive. */
	{SCMP_SYS(socket),
	 DIALLER,
	 {ARG(0, AF_NETLINK), ARG(2, NETLINK_ROUTE)}},
	{SCMP_SYS(bind), DIALLER, {ARG(2, sizeof(struct sockaddr_nl))}},
};

static int add_rules(scmp_filter_ctx ctx, unsigned row)
{
	int code = 0;

	for (size_t i = 0; code == 0 && i < N_ELEMENTS(calls); i++)
		if (calls[i].rows & row)
			code = seccomp_rule_add(ctx, SCMP_ACT_ALLOW,
						calls[i].call, 0);
	for (size_t i = 0; code == 0 && i < N_ELEMENTS(guarded); i++)
		if (guarded[i].rows & row)
			code = seccomp_rule_add_array(
				ctx, SCMP_ACT_ALLOW, guarded[i].call,
				guarded[i].args[1].op ? 2 : 1, guarded[i].args);
	return code;
}

static int print_instructions(int fd)
{
	struct sock_filter f;
	ssize_t n;

	while ((n = read(fd, &f, sizeof(f))) == sizeof(f))
		printf("\t{0x%02x, %u, %u, 0x%08xu},\n", f.code, f.jt, f.jf,
		       f.k);
	return n == 0 ? 0 : -EIO;
}

static int export(scmp_filter_ctx ctx)
{
	int fd = memfd_create("filter", 0);
	int code = fd < 0 ? -errno : seccomp_export_bpf(ctx, fd);

	if (code == 0 && lseek(fd, 0, SEEK_SET) < 0)
		code = -errno;
	if (code == 0)
		code = print_instructions(fd);
	if (fd >= 0)
		close(fd);
	return code;
}

static int write_program(const char *name, enum sandbox_row row)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int code = ctx ? add_rules(ctx, 1u << row) : -ENOMEM;

	printf("static const struct sock_filter %s[] = {\n", name);
	if (code == 0)
		code = export(ctx);
	printf("};\n");
	if (ctx)
		seccomp_release(ctx);
	if (code < 0)
		fprintf(stderr, "filter %s: %s\n", name, strerror(-code));
	return code;
}

int main(void)
{
	printf("/* Written by common/make_filters.c. */\n");
	return write_program("receiver", SANDBOX_RECEIVER) < 0 ||
	       write_program("proxy", SANDBOX_PROXY) < 0 ||
	       write_program("collector", SANDBOX_COLLECTOR) < 0 ||
	       write_program("dialler", SANDBOX_DIALLER) < 0 ||
	       write_program("ledger", SANDBOX_LEDGER) < 0 ||
	       fflush(stdout) != 0;
}
