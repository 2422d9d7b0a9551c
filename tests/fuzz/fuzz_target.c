/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small text: a mailbox's targets, keys of age, points in time. */
#include "common/base.h"

#include "common/iso_time.h"
#include "common/secret.h"
#include "common/target.h"
#include "store/seal/identity.h"
#include "store/seal/seal.h"
#include "tests/fuzz/fuzz.h"

static void try_target(const char *text)
{
	struct err e = {.kind = ERR_NONE};
	struct target target;

	if (!target_parse(text, &target, &e))
		fuzz_require(e.text[0]);
	else
		fuzz_require(memchr(target.host, '\0', sizeof(target.host)));
}

static void try_recipient(const char *text)
{
	uint8_t public_key[AGE_KEY_SIZE];
	struct buf again;

	buf_init(&again, 1024);
	if (age_recipient_parse(text, public_key)) {
		fuzz_require(age_recipient_write(public_key, &again));
		fuzz_require(strcmp(text, again.data) == 0);
	}
	buf_release(&again);
}

static void try_key_file(const char *text, size_t n)
{
	struct secret private_key = {.bytes = NULL};
	struct err e;

	if (identity_parse(text, n, &private_key, &e) == 0)
		fuzz_require(private_key.len % AGE_KEY_SIZE == 0);
	secret_release(&private_key);
}

static void try_time(const char *text)
{
	char again[ISO_TIME_LEN + 1];
	int64_t seconds;

	if (!iso_time_parse(text, &seconds))
		return;
	iso_time_write(seconds, again);
	fuzz_require(strcmp(text, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *text = fuzz_text(bytes, n);

	try_target(text);
	try_recipient(text);
	try_key_file(text, n);
	try_time(text);
	free(text);
	return 0;
}
