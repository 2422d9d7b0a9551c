/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seccomp: loads the filter of a row. Decides nothing: which calls are listed
 * stands in common/make_filters.c.
 */
#include "common/base.h"
#include "common/sandbox_calls.h"
#include "common/sandbox_private.h"

#include <sys/prctl.h>

#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "common/log.h"
#include "common/sandbox_filters.h" /* made by common/make_filters */

/* clang-format off */
#define ROW(filter) {filter, N_ELEMENTS(filter)}
/* clang-format on */

static const struct {
	const struct sock_filter *filter;
	unsigned short n;
} rows[SANDBOX_N_ROWS] = {
	[SANDBOX_RECEIVER] = ROW(receiver),   [SANDBOX_PROXY] = ROW(proxy),
	[SANDBOX_COLLECTOR] = ROW(collector), [SANDBOX_DIALLER] = ROW(dialler),
	[SANDBOX_LEDGER] = ROW(ledger),
};

/* Known only now. */
static void put_own_pid(struct sock_filter *filter, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (filter[i].k == SANDBOX_OWN_PID)
			filter[i].k = (uint32_t)getpid();
}

int sandbox_calls(enum sandbox_row row, struct err *e)
{
	const size_t size = rows[row].n * sizeof(struct sock_filter);
	struct sock_fprog program = {.len = rows[row].n,
				     .filter = xmalloc(size)};
	int result;

	memcpy(program.filter, rows[row].filter, size);
	put_own_pid(program.filter, program.len);
	result = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0
			 ? err_sys(e, "seccomp")
			 : 0;
	free(program.filter);
	return result;
}
