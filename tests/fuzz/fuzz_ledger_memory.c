/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a sequencer remembers: read, written and read again it is the same. */
#include "common/base.h"

#include "store/ledger/memory.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct memory *m = xmalloc(sizeof(*m));
	struct buf once, again;

	buf_init(&once, MEMORY_OCTETS_MAX);
	buf_init(&again, MEMORY_OCTETS_MAX);
	if (memory_parse((const char *)bytes, n, m)) {
		fuzz_require(n <= MEMORY_OCTETS_MAX);
		fuzz_require(memory_write(m, &once));
		fuzz_require(memory_parse(once.data, once.len, m));
		fuzz_require(memory_write(m, &again));
		fuzz_require_equal(&once, &again);
	}
	buf_release(&once);
	buf_release(&again);
	free(m);
	return 0;
}
