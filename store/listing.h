/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What lies in cur/ and gone/, read from the directories alone. Small entries:
 * a mailbox may hold a million. For the files of store/.
 */
#ifndef RESTANTE_STORE_LISTING_H
#define RESTANTE_STORE_LISTING_H

#include "store/mailbox_private.h"
#include "store/name.h"

/* LISTING_OCTETS_MAX is beyond any file system. */
#define LISTING_OCTETS_MAX ((UINT64_C(1) << 56) - 1)

struct listing_entry {
	uint8_t ulid[ULID_PACKED_SIZE]; /* its 128 bits, the first one first */
	uint64_t octets : 56;
	uint64_t flags : 4; /* enum message_flags */
	uint64_t twin : 1;  /* it lies there under other flags as well */
	uint64_t mark : 1; /* in cur/: for deletion; in gone/: without a line */
	uint64_t fetched : 1;
	uint64_t named : 1; /* a batch says that it has left */
};

/* In the order of ULIDs, one of each. */
struct listing {
	struct listing_entry *list;
	size_t n;
	uint64_t octets; /* of all */
};

/*
 * Scans cur/, respectively gone/, until clock_ms() is `end` (0: however long
 * it takes; beyond it ERR_TEMP). Release it in every case.
 */
int listing_scan(const struct mailbox *m, int64_t end, struct listing *l,
		 struct err *e) MUST_USE;
int listing_scan_gone(const struct mailbox *m, int64_t end, struct listing *l,
		      struct err *e) MUST_USE;
void listing_release(struct listing *l);

/* NULL: it is not there. */
struct listing_entry *listing_find(const struct listing *l, const char *ulid);
/* When it arrived, in seconds, as its ULID says. */
int64_t listing_time(const struct listing_entry *entry);
void listing_name(const struct listing_entry *entry, struct message_name *n_r);
/* Its file's name, where the listing was of gone/, or else of cur/. */
void listing_file_name(const struct listing_entry *entry, bool in_gone,
		       char text[NAME_SIZE]);

/* Takes out what is `named`. */
void listing_drop_named(struct listing *l);

#endif
