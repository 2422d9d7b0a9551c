/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distinguished names in DER. */
#include "common/base.h"

#include "common/dn.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct buf out, tight;

	buf_init(&out, FUZZ_ROOM);
	buf_init(&tight, 16);
	if (dn_canonical(bytes, n, &out))
		fuzz_require(dn_canonical(bytes, n, &tight) == (out.len <= 16));
	buf_release(&out);
	buf_release(&tight);
	return 0;
}
