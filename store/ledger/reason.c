/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/reasons.sh holds the handlers to this list. */
#include "common/base.h"
#include "store/ledger/reason.h"

static const char *const words[] = {
	"certificate",
	"client-certificate",
	"delete",
	"disk",
	"errors",
	"in-use",
	"loop",
	"network",
	"pipelining",
	"pop3-serve",
	"quota",
	"sessions",
	"size",
	"store",
	"suspended",
	"syntax",
	"tls-required",
	"too-many",
	"unknown-mailbox",
	"upstream",
};

const char *reason_word(const char *text)
{
	for (size_t i = 0; i < N_ELEMENTS(words); i++)
		if (strcmp(words[i], text) == 0)
			return words[i];
	return "other";
}
