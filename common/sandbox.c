/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Giving up by seccomp. The list says what is lost, call by call. */
#include "common/base.h"
#include "common/sandbox.h"

#include <errno.h>
#include <seccomp.h>

static const int given_up[] = {
	/* New ways to the network, and to other processes' sockets. */
	SCMP_SYS(socket),
	SCMP_SYS(socketpair),
	SCMP_SYS(connect),
	SCMP_SYS(bind),
	SCMP_SYS(listen),
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	/* Becoming another program, or more of this one. */
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(fork),
	SCMP_SYS(vfork),
	SCMP_SYS(clone),
	SCMP_SYS(clone3),
	/* Reading other processes, the dialler among them. */
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_getfd),
	/* Ways around the filter. */
	SCMP_SYS(io_uring_setup),
};

int sandbox_no_way_out(struct err *e)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int code = ctx ? 0 : -ENOMEM;

	for (size_t i = 0; code == 0 && i < N_ELEMENTS(given_up); i++)
		code = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), given_up[i],
					0);
	if (code == 0)
		code = seccomp_load(ctx); /* with no_new_privs */
	if (ctx)
		seccomp_release(ctx);
	if (code == 0)
		return 0;
	errno = -code;
	return err_sys(e, "seccomp");
}
