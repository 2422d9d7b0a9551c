/* SPDX-License-Identifier: GPL-3.0-or-later */
/* File names in tmp/, cur/, gone/ and spool/: what is taken for one is one. */
#include "common/base.h"

#include "store/name.h"
#include "store/spool.h"
#include "tests/fuzz/fuzz.h"

static void try_message(const char *text)
{
	char again[NAME_SIZE];
	struct message_name kept;
	bool without_line;

	if (name_parse_kept(text, &kept)) {
		name_write_kept(&kept, again);
		fuzz_require(strcmp(text, again) == 0);
	}
	if (name_parse_gone(text, &kept, &without_line)) {
		name_write_gone(&kept, without_line, again);
		fuzz_require(strcmp(text, again) == 0);
	}
}

static void try_ticket(const char *text)
{
	char again[NAME_SIZE];
	struct ticket_name ticket;

	if (name_parse_ticket(text, &ticket)) {
		name_write_ticket(&ticket, again);
		fuzz_require(strcmp(text, again) == 0);
	}
}

static void try_spool(const char *text)
{
	char again[SPOOL_NAME_SIZE];
	struct spool_name spool;

	if (spool_name_parse(text, &spool)) {
		spool_name_write(&spool, again);
		fuzz_require(strcmp(text, again) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *text = fuzz_text(bytes, n);

	try_message(text);
	try_ticket(text);
	try_spool(text);
	free(text);
	return 0;
}
