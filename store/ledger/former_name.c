/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One rule for who moves a ledger and who looks for it. Touches no file. */
#include "common/base.h"
#include "store/ledger/former_name.h"

static bool take_ulid(const char *origin, char name_r[FORMER_NAME_SIZE])
{
	const char *slash = strrchr(origin, '/');

	if (!slash || !ulid_valid(slash + 1, strlen(slash + 1)))
		return false;
	memcpy(name_r, slash + 1, FORMER_NAME_SIZE);
	return true;
}

void former_name(const char *origin, const char *next,
		 char name_r[FORMER_NAME_SIZE])
{
	name_r[0] = '\0';
	if (!take_ulid(origin, name_r))
		(void)!take_ulid(next, name_r);
}
