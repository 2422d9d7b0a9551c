/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads what lies in a spool: lines, and batches behind a `session` line,
 * which are taken whole or not at all. Handlers write spools, so everything
 * here is bounded and may be anything. Acts on nothing.
 */
#ifndef RESTANTE_STORE_LEDGER_SPOOL_READER_H
#define RESTANTE_STORE_LEDGER_SPOOL_READER_H

#include "common/err.h"
#include "store/ledger/entry.h"

enum {
	SPOOL_OCTETS_MAX = 64 * 1024 * 1024, /* of one spool */
	SPOOL_BATCH_OCTETS_MAX = (ENTRY_BATCH_MAX + 1) * (LINE_OCTETS_MAX + 1),
};

/* A whole batch: n lines with their LFs, whose digest is the session's. */
struct spool_batch {
	const struct entry_session *session;
	const char *lines;
	size_t n_octets;
};

struct spool_visitor {
	/* A line outside of a batch, without its LF; NULL: not wanted. */
	void (*line)(void *arg, const char *text, size_t n);
	void (*batch)(void *arg, const struct spool_batch *b);
	void *arg;
};

/*
 * Goes through what is whole in these octets and returns how many those are;
 * last: nothing comes behind them, so all of them. A torn line is passed over.
 */
size_t spool_parse(const char *bytes, size_t n, bool last,
		   const struct spool_visitor *v);

/* The next line of a batch or of any text. False: there is none. */
bool spool_next_line(const char **at, const char *end, const char **text_r,
		     size_t *n_r);

/* Goes through a whole file from its beginning, at most SPOOL_OCTETS_MAX. */
int spool_read(int fd, const char *name, const struct spool_visitor *v,
	       struct err *e) MUST_USE;
/* The same from an octet on at which a line begins. */
int spool_read_from(int fd, uint64_t from, const char *name,
		    const struct spool_visitor *v, struct err *e) MUST_USE;

#endif
