/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mailbox.conf: what is read is written so that it reads back the same. */
#include "common/base.h"

#include <unistd.h>

#include "store/conf_mailbox.h"
#include "tests/fuzz/fuzz.h"

static bool read_conf(const uint8_t *bytes, size_t n, struct mailbox_conf *m)
{
	int fd = fuzz_file(bytes, n);
	struct err e = {.kind = ERR_NONE};
	bool well = mailbox_conf_read(fd, "mailbox.conf", m, &e) == 0;

	fuzz_require(well || (e.kind != ERR_NONE && e.text[0]));
	close(fd);
	return well;
}

/* Written, read and written again; what may not be written is no finding. */
static void require_round_trip(const struct mailbox_conf *m)
{
	struct mailbox_conf again;
	struct buf first, second;
	struct err e;

	buf_init(&first, MAILBOX_CONF_MAX);
	buf_init(&second, MAILBOX_CONF_MAX);
	if (mailbox_conf_write(m, &first, &e) == 0) {
		fuzz_require(read_conf((const uint8_t *)first.data, first.len,
				       &again));
		fuzz_require(mailbox_conf_write(&again, &second, &e) == 0);
		fuzz_require_equal(&first, &second);
		mailbox_conf_release(&again);
	}
	buf_release(&first);
	buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct mailbox_conf m;

	if (!read_conf(bytes, n, &m))
		return 0;
	require_round_trip(&m);
	mailbox_conf_release(&m);
	return 0;
}
