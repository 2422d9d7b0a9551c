/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a client sends to log in; and what is made for a server reads back. */
#include "common/base.h"

#include "common/base64.h"
#include "handlers/session/sasl.h"
#include "handlers/session/sasl_token.h"
#include "tests/fuzz/fuzz.h"

static void require_same(const struct sasl_login *a, const struct sasl_login *b)
{
	fuzz_require(strcmp(a->user, b->user) == 0);
	fuzz_require(
		secret_equal(&a->password, b->password.bytes, b->password.len));
}

static void make_plain(const struct sasl_login *l, struct secret *out)
{
	sasl_plain_make(l->user, &l->password, out);
}

static void make_xoauth2(const struct sasl_login *l, struct secret *out)
{
	sasl_xoauth2_make(l->user, &l->password, out);
}

static void make_oauthbearer(const struct sasl_login *l, struct secret *out)
{
	sasl_oauthbearer_make(l->user, "mail.example", 993, &l->password, out);
}

static const struct {
	bool (*parse)(const uint8_t *bytes, size_t n, struct sasl_login *l);
	void (*make)(const struct sasl_login *l, struct secret *out);
} mechanisms[] = {
	{sasl_plain_parse, make_plain},
	{sasl_xoauth2_parse, make_xoauth2},
	{sasl_oauthbearer_parse, make_oauthbearer},
};

static void try_messages(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < N_ELEMENTS(mechanisms); i++) {
		struct sasl_login login, again;
		struct secret message = {.bytes = NULL};

		if (!mechanisms[i].parse(bytes, n, &login))
			continue;
		mechanisms[i].make(&login, &message);
		fuzz_require(mechanisms[i].parse(message.bytes, message.len,
						 &again));
		require_same(&login, &again);
		sasl_login_release(&again);
		sasl_login_release(&login);
		secret_release(&message);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct secret decoded = {.bytes = NULL};
	struct buf encoded;

	try_messages(bytes, n);
	if (!base64_decode((const char *)bytes, n, &decoded))
		return 0;
	buf_init(&encoded, FUZZ_ROOM);
	fuzz_require(base64_encode(decoded.bytes, decoded.len, &encoded));
	fuzz_require(encoded.len == n &&
		     (!n || memcmp(encoded.data, bytes, n) == 0));
	try_messages(decoded.bytes, decoded.len);
	buf_release(&encoded);
	secret_release(&decoded);
	return 0;
}
