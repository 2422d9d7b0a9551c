/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SMTP receiver: what a sender may say, on a real store. */
#include "common/base.h"

#include "handlers/smtp_journal/session.h"
#include "tests/fuzz/world.h"

static void session(struct conn *c, const struct conf *conf,
		    const struct peer *peer, enum tls_mode mode)
{
	(void)smtp_journal_session(c, conf, peer, mode);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct buf heard;

	if (!n)
		return 0;
	buf_init(&heard, FUZZ_ROOM);
	world_run(session, bytes[0], bytes + 1, n - 1, &heard);
	fuzz_require_lines(&heard);
	world_require_tidy();
	world_reset();
	buf_release(&heard);
	return 0;
}
