/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pop3-proxy: one mail client on fd 0 and 1, its real server behind, or
 * pop3-serve. Sets up, nothing else: the dialler is forked before the first
 * octet of input.
 */
#include "common/base.h"

#include <sysexits.h>

#include "handlers/pop3/replies.h"
#include "handlers/proxy/program.h"
#include "handlers/pop3_proxy/session.h"

int main(int argc, char **argv)
{
	static const struct proxy_program proxy = {
		.program =
			{
				.name = "pop3-proxy",
				.row = SANDBOX_PROXY,
				.acceptor =
					offsetof(struct conf, proxy.acceptor),
				.full_house = &pop3_full_house,
			},
		.service = DIAL_POP3,
		.session = pop3_proxy_session,
	};

	proxy_program_run(&proxy, argc, argv);
	return EX_OK;
}
