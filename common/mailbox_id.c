/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads a mailbox's id, wherever it was written. */
#include "common/base.h"
#include "common/mailbox_id.h"

#include <strings.h>

#include "common/num.h"

bool mailbox_id_parse(const char *text, size_t n, char id_r[MAILBOX_ID_LEN + 1])
{
	uint8_t bits[16];

	if (n != MAILBOX_ID_LEN || strncasecmp(text, "mbx-", 4) != 0 ||
	    !num_parse_hex(text + 4, n - 4, bits, sizeof(bits)))
		return false;
	num_write_hex(bits, sizeof(bits), stpcpy(id_r, "mbx-"));
	return true;
}

bool mailbox_alias_parse(const char *text, size_t n,
			 char alias_r[MAILBOX_ALIAS_LEN + 1])
{
	if (n != MAILBOX_ALIAS_LEN)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!(c >= 'a' && c <= 'z') && !(c >= '2' && c <= '7'))
			return false;
		alias_r[i] = c;
	}
	alias_r[n] = '\0';
	return true;
}
