/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * smtp-proxy: one mail client on fd 0 and 1, its real server behind. Sets up,
 * nothing else: the dialler is forked before the first octet of input.
 */
#include "common/base.h"

#include <sysexits.h>

#include "handlers/smtp/replies.h"
#include "handlers/proxy/program.h"
#include "handlers/smtp_proxy/session.h"

int main(int argc, char **argv)
{
	static const struct proxy_program proxy = {
		.program =
			{
				.name = "smtp-proxy",
				.row = SANDBOX_PROXY,
				.acceptor =
					offsetof(struct conf, proxy.acceptor),
				.full_house = &smtp_full_house,
			},
		.service = DIAL_SMTP,
		.session = smtp_proxy_session,
	};

	proxy_program_run(&proxy, argc, argv);
	return EX_OK;
}
