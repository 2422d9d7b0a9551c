/* SPDX-License-Identifier: GPL-3.0-or-later */
/* restante.conf: every file is read or refused with words. */
#include "common/base.h"

#include <unistd.h>

#include "common/conf.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	int fd = fuzz_file(bytes, n);
	struct err e = {.kind = ERR_NONE};
	struct conf *conf;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	conf = conf_read(path, &e);
	fuzz_require(conf || (e.kind != ERR_NONE && e.text[0]));
	conf_free(&conf);
	close(fd);
	return 0;
}
