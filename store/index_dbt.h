/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Berkeley DB's pairs of bytes, for the files that read and write records. */
#ifndef RESTANTE_STORE_INDEX_DBT_H
#define RESTANTE_STORE_INDEX_DBT_H

#include <db.h>

#include "common/base.h"

/* Bytes that are read only. */
static inline DBT dbt_of(const void *bytes, size_t n)
{
	return (DBT){.data = (void *)(uintptr_t)bytes, .size = (u_int32_t)n};
}

/* Room of the caller's, to be filled. */
static inline DBT dbt_into(void *bytes, size_t size)
{
	return (DBT){.data = bytes,
		     .ulen = (u_int32_t)size,
		     .flags = DB_DBT_USERMEM};
}

#endif
