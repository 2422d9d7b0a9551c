/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keeping one message: sealed into tmp/ as it arrives, made durable, linked
 * into cur/. The commit point of docs/store.md is in delivery_commit() and
 * nowhere else.
 */
#include "common/base.h"
#include "store/store.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <nettle/sha2.h>

#include "common/log.h"
#include "common/sink.h"
#include "store/account.h"
#include "store/fault.h"
#include "store/limit.h"
#include "store/mailbox_private.h"
#include "store/name.h"
#include "store/seal/seal.h"

struct delivery {
	struct mailbox *mailbox;
	struct ticket_name name;
	char ticket[NAME_SIZE]; /* the same as its file name in tmp/ */
	int fd;
	struct sealer *sealer;
	struct err failure;	  /* of the first write that failed */
	struct sha256_ctx digest; /* of the sealed file */
	uint64_t octets;	  /* to be sealed, so far */
	struct limit_grant grant;
	uint8_t *wanted_digest; /* where it goes, too; or NULL */
};

static int fail(const struct delivery *d, const char *what, struct err *e)
{
	return err_sys(e, "mailbox %s: %s %s", d->mailbox->id, what, d->ticket);
}

/*
 * The sink of what is sealed: 64 KiB at the most. The disk is asked before each
 * of them, and not once, for neither this message nor what others write at the
 * same time has announced its size.
 */
static int write_all(void *to, const uint8_t *bytes, size_t n)
{
	struct delivery *d = to;

	if (store_room(d->mailbox->store, n, &d->failure) < 0)
		return err_prefix(&d->failure, "mailbox %s", d->mailbox->id);
	sha256_update(&d->digest, n, bytes);
	while (n > 0) {
		ssize_t done = write(d->fd, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return fail(d, "write tmp", &d->failure);
		bytes += done;
		n -= (size_t)done;
	}
	return 0;
}

static int write_failed(const struct delivery *d, struct err *e)
{
	*e = d->failure;
	return -1;
}

/*
 * The writer's lock tells the sweep that somebody still writes. Between
 * open() and the lock the sweep may have come by: then the name is gone, and
 * another one is taken.
 */
static bool lock_and_still_there(int fd)
{
	struct flock f = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat st;

	return fcntl(fd, F_OFD_SETLK, &f) == 0 && fstat(fd, &st) == 0 &&
	       st.st_nlink > 0;
}

static int create_ticket(struct delivery *d, struct err *e)
{
	for (int tries = 0; tries < 8; tries++) {
		ulid_new(d->name.ulid);
		name_write_ticket(&d->name, d->ticket);
		d->fd = openat(d->mailbox->tmp, d->ticket,
			       O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0660);
		if (d->fd < 0)
			return fail(d, "create tmp", e);
		if (lock_and_still_there(d->fd))
			return 0;
		close(d->fd);
		d->fd = -1;
	}
	return err_set(e, ERR_TEMP, "mailbox %s: create tmp: swept eight times",
		       d->mailbox->id);
}

/* A session that keeps thousands need not hold all of their lines. */
static void write_what_is_noted(struct mailbox *m)
{
	struct err e;

	if (account_is_full(m) && mailbox_account(m, NULL, &e) < 0)
		log_info("%s", e.text);
}

struct delivery *delivery_begin(struct mailbox *m, struct err *e)
{
	struct delivery *d = xcalloc(1, sizeof(*d));
	const struct sink sink = {.push = write_all, .to = d};
	const struct conf_strings *to = &m->settings.recipients;

	d->mailbox = m;
	d->fd = -1;
	sha256_init(&d->digest);
	write_what_is_noted(m);
	if (create_ticket(d, e) < 0) {
		delivery_abort(&d);
		return NULL;
	}
	fault_point("delivery.created");
	d->sealer = sealer_new(to->list, to->n, &sink, e);
	if (!d->sealer) {
		if (d->failure.kind)
			(void)write_failed(d, e);
		delivery_abort(&d);
		return NULL;
	}
	fault_point("delivery.header");
	return d;
}

int delivery_write(struct delivery *d, const uint8_t *bytes, size_t n,
		   struct err *e)
{
	d->octets += n;
	if (limit_grant(d->mailbox, d->octets, &d->grant, e) < 0)
		return -1;
	if (sealer_write(d->sealer, bytes, n) == 0)
		return 0;
	return write_failed(d, e);
}

static int make_durable(struct delivery *d, struct err *e)
{
	if (sealer_end(d->sealer) < 0)
		return write_failed(d, e);
	fault_point("delivery.written");
	if (fsync(d->fd) < 0)
		return fail(d, "fsync tmp", e);
	fault_point("delivery.synced");
	return 0;
}

int delivery_prepare(struct delivery *d, struct err *e)
{
	struct ticket_name pending = d->name;
	char name[NAME_SIZE];

	if (make_durable(d, e) < 0)
		return -1;
	pending.pending = true;
	name_write_ticket(&pending, name);
	if (renameat(d->mailbox->tmp, d->ticket, d->mailbox->tmp, name) < 0)
		return fail(d, "rename tmp", e);
	d->name = pending;
	memcpy(d->ticket, name, sizeof(name));
	if (fsync(d->mailbox->tmp) < 0)
		return fail(d, "fsync tmp with", e);
	fault_point("delivery.prepared");
	return 0;
}

static bool is_ours(const struct delivery *d, const char *kept)
{
	struct stat there, own;

	return fstat(d->fd, &own) == 0 &&
	       fstatat(d->mailbox->cur, kept, &there, AT_SYMLINK_NOFOLLOW) ==
		       0 &&
	       there.st_dev == own.st_dev && there.st_ino == own.st_ino;
}

static void name_kept(const struct delivery *d, unsigned flags,
		      char kept_r[NAME_SIZE])
{
	struct message_name n = {.flags = flags,
				 .octets = sealer_plaintext(d->sealer)};

	memcpy(n.ulid, d->name.ulid, sizeof(n.ulid));
	name_write_kept(&n, kept_r);
}

static int link_into_cur(struct delivery *d, const char *kept, struct err *e)
{
	/* EEXIST for our own file: a server of files was asked twice. */
	if (linkat(d->mailbox->tmp, d->ticket, d->mailbox->cur, kept, 0) < 0 &&
	    !(errno == EEXIST && is_ours(d, kept)))
		return fail(d, "link into cur", e);
	fault_point("delivery.linked");
	/* The commit point: once cur/ is synced, the message is kept. */
	if (fsync(d->mailbox->cur) < 0) {
		fail(d, "fsync cur after", e);
		/* Another name of a prepared one may be gone by now. */
		if (!d->name.pending)
			(void)unlinkat(d->mailbox->cur, kept, 0);
		return -1;
	}
	fault_point("delivery.committed");
	return 0;
}

/*
 * Whoever changed the mailbox's keys meanwhile has said what can open mail from
 * then on: this message is sealed to those of before. So it is not kept, and
 * comes again; but a proxy's copy is there only once, and stays.
 */
static int check_keys(struct delivery *d, const char *kept, struct err *e)
{
	if (mailbox_has_its_keys(d->mailbox))
		return 0;
	if (d->name.pending) {
		log_warn("mailbox %s: the keys changed while message %s was "
			 "kept: it is sealed to those of before",
			 d->mailbox->id, d->name.ulid);
		return 0;
	}
	(void)unlinkat(d->mailbox->cur, kept, 0);
	return err_set(e, ERR_TEMP,
		       "mailbox %s: its keys changed while message %s was "
		       "sealed",
		       d->mailbox->id, d->name.ulid);
}

static void note_kept(struct delivery *d)
{
	struct kept_fact fact = {.octets = sealer_plaintext(d->sealer),
				 .when = time(NULL)};

	memcpy(fact.ulid, d->name.ulid, sizeof(fact.ulid));
	sha256_digest(&d->digest, sizeof(fact.sha256), fact.sha256);
	if (d->wanted_digest)
		memcpy(d->wanted_digest, fact.sha256, sizeof(fact.sha256));
	fact.counted = limit_kept(d->mailbox, &fact, &d->grant);
	account_note_kept(d->mailbox, &fact);
}

static void delivery_free(struct delivery **d_r)
{
	struct delivery *d = *d_r;

	limit_release(d->mailbox, &d->grant);
	sealer_free(&d->sealer);
	if (d->fd >= 0)
		close(d->fd);
	free(d);
	*d_r = NULL;
}

/* A prepared message is out of our hands: upstream may have it already. */
static void give_up(struct delivery **d)
{
	if ((*d)->name.pending)
		delivery_free(d);
	else
		delivery_abort(d);
}

int delivery_commit(struct delivery **d, unsigned flags, struct err *e)
{
	bool durable = (*d)->name.pending;
	char kept[NAME_SIZE];

	if (!durable && make_durable(*d, e) < 0) {
		give_up(d);
		return -1;
	}
	name_kept(*d, flags, kept);
	if (link_into_cur(*d, kept, e) < 0 || check_keys(*d, kept, e) < 0) {
		give_up(d);
		return -1;
	}
	note_kept(*d);
	/* The name in tmp/ stays: it is the ticket for the message's line. */
	delivery_free(d);
	return 0;
}

void delivery_abort(struct delivery **d)
{
	if (!*d)
		return;
	if ((*d)->fd >= 0)
		(void)unlinkat((*d)->mailbox->tmp, (*d)->ticket, 0);
	delivery_free(d);
}

void delivery_leave(struct delivery **d)
{
	if (*d)
		give_up(d);
}

void delivery_want_digest(struct delivery *d, uint8_t digest_r[DIGEST_SIZE])
{
	d->wanted_digest = digest_r;
}

const char *delivery_ulid(const struct delivery *d)
{
	return d->name.ulid;
}
