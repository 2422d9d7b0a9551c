/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The header of an age file: what is not whole asks for more, never else. */
#include "common/base.h"

#include "store/seal/age.h"
#include "tests/fuzz/fuzz.h"

static void walk_stanzas(const struct age_header *h)
{
	const char *rest = h->stanzas, *end = h->stanzas + h->stanzas_len;
	struct age_stanza stanza;

	while (age_stanza_next(&rest, end, &stanza)) {
		uint8_t body[AGE_WRAPPED_SIZE];

		fuzz_require(stanza.n_args >= 1);
		fuzz_require(stanza.body + stanza.body_len <= end);
		for (size_t i = 0; i < stanza.n_args && i < AGE_STANZA_ARGS;
		     i++)
			fuzz_require(stanza.args[i] + stanza.arg_len[i] <= end);
		(void)age_base64_decode(stanza.body, stanza.body_len, body,
					sizeof(body));
	}
	fuzz_require(rest == end);
}

/* A header cut short is one that is not whole yet. */
static void require_more(const uint8_t *bytes, size_t length)
{
	const size_t cuts[] = {0, 1, length / 2, length - 1};
	struct age_header h;

	for (size_t i = 0; i < N_ELEMENTS(cuts); i++)
		fuzz_require(age_header_parse(bytes, cuts[i], &h) ==
			     AGE_PARSE_MORE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct age_header h;

	if (age_header_parse(bytes, n, &h) != AGE_PARSE_OK)
		return 0;
	fuzz_require(h.length <= n && h.length <= AGE_HEADER_MAX);
	fuzz_require(h.mac_covers < h.length);
	walk_stanzas(&h);
	require_more(bytes, h.length);
	return 0;
}
