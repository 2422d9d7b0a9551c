/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The POP3 server: what a collector may say, on a real store. */
#include "common/base.h"

#include "handlers/pop3_serve/session.h"
#include "tests/fuzz/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct buf heard;

	if (!n)
		return 0;
	buf_init(&heard, FUZZ_ROOM);
	world_run(pop3_serve_session, bytes[0], bytes + 1, n - 1, &heard);
	fuzz_require_lines(&heard);
	world_reset();
	buf_release(&heard);
	return 0;
}
