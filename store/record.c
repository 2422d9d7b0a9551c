/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checksum of records. Never touches a file. */
#include "common/base.h"
#include "store/record.h"

uint64_t record_checksum(const uint8_t *bytes, size_t n)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return hash;
}
