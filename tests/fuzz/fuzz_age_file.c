/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole age files against a private key and a passphrase that are known. */
#include "common/base.h"

#include <unistd.h>

#include "store/seal/bech32.h"
#include "store/seal/unseal.h"
#include "tests/fuzz/fuzz.h"

/* An scrypt stanza may ask for gigabytes, which is no finding. */
static bool asks_for_much_work(const uint8_t *bytes, size_t n)
{
	const uint8_t *at = memmem(bytes, n, "scrypt ", 7);
	size_t left = at ? n - (size_t)(at - bytes) : 0;
	const uint8_t *digits;

	if (!at)
		return false;
	digits = memchr(at + 7, ' ', left - 7);
	left = digits ? n - (size_t)(digits - bytes) : 0;
	return left > 2 && digits[2] != '\n';
}

static void open_with(const struct unseal_key *key, const uint8_t *bytes,
		      size_t n)
{
	int fd = fuzz_file(bytes, n);
	const struct source source = {source_pull_fd, &fd};
	struct unsealer *u;
	struct err e;
	const uint8_t *plain;
	size_t all = 0, got = 1;

	u = unsealer_new(key, &source, &e);
	while (u && got && unsealer_next(u, &plain, &got, &e) == 0)
		all += got;
	fuzz_require(all <= n);
	unsealer_free(&u);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct secret private_key = {.bytes = NULL}, passphrase = private_key;
	const struct unseal_key by_key = {.private_key = &private_key};
	const struct unseal_key by_word = {.passphrase = &passphrase};

	if (asks_for_much_work(bytes, n))
		return 0;
	secret_init(&private_key, AGE_KEY_SIZE);
	private_key.bytes[0] = 1;
	secret_set(&passphrase, "password", 8);
	open_with(&by_key, bytes, n);
	open_with(&by_word, bytes, n);
	secret_release(&private_key);
	secret_release(&passphrase);
	return 0;
}
