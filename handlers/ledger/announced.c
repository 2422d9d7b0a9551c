/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sequencer's part of it. Never learns a mailbox's private key. */
#include "common/base.h"
#include "handlers/ledger/announced.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "handlers/ledger/files.h"
#include "store/seal/seal.h"

static bool is_wanted(const struct book *b, const struct mailbox_conf *conf)
{
	return !conf->session_key[0] && b->memory.n_keys == 0;
}

static int open_folder(const struct book *b, struct err *e)
{
	return files_directory(b->place->dir, ANNOUNCE_DIRECTORY, 0750, e);
}

/* Else it is not there, or asks for another key: that of a host of before. */
static bool asks_so(int folder, const char *name, const struct buf *text)
{
	struct buf found;
	struct err e;
	bool same;

	buf_init(&found, LINE_OCTETS_MAX + 1);
	same = files_read(folder, name, &found, &e) == 0 &&
	       found.len == text->len &&
	       memcmp(found.data, text->data, text->len) == 0;
	buf_release(&found);
	return same;
}

static int put_down(const struct book *b, int folder, struct err *e)
{
	uint8_t key[AGE_KEY_SIZE];
	struct buf text;
	int result = 0;

	ledger_key_exchange(&b->place->key, key);
	buf_init(&text, LINE_OCTETS_MAX + 1);
	if (!announce_write(key, &text))
		result = err_set(e, ERR_TEMP, "ledger: a line does not fit");
	else if (!asks_so(folder, b->name, &text))
		result = files_replace(folder, b->name, 0640, &text, e);
	buf_release(&text);
	return result;
}

int announced_ask(const struct book *b, const struct mailbox_conf *conf,
		  struct err *e)
{
	int folder, result;

	if (!is_wanted(b, conf))
		return announced_forget(b, e);
	folder = open_folder(b, e);
	if (folder < 0)
		return -1;
	result = put_down(b, folder, e);
	close(folder);
	return result;
}

int announced_forget(const struct book *b, struct err *e)
{
	char path[sizeof(ANNOUNCE_DIRECTORY) + sizeof(b->name)];

	snprintf(path, sizeof(path), ANNOUNCE_DIRECTORY "/%s", b->name);
	if (unlinkat(b->place->dir, path, 0) == 0 || errno == ENOENT)
		return 0;
	return err_sys(e, "ledger: %s", path);
}

static int enter(struct book *b, const struct entry_announced *a, struct err *e)
{
	struct entry entry = book_found(b, ENTRY_KEY, "announced");

	memcpy(entry.change.session_key, a->session_key,
	       sizeof(entry.change.session_key));
	memory_add_key(&b->memory, a->session_key);
	return book_add_entry(b, &entry, e);
}

/* Said again it says nothing: the mailbox has one session key. */
bool announced_take(struct book *b, const struct mailbox_conf *conf,
		    const struct entry_announced *a, int *failed_r,
		    struct err *e)
{
	uint8_t mailbox[AGE_KEY_SIZE];

	*failed_r = 0;
	if (memory_has_key(&b->memory, a->session_key))
		return true;
	if (!is_wanted(b, conf) || strcmp(a->mailbox, b->name) != 0 ||
	    conf->recipients.n == 0 ||
	    !age_recipient_parse(conf->recipients.list[0], mailbox) ||
	    !ledger_key_proves(&b->place->key, mailbox, a))
		return false;
	*failed_r = enter(b, a, e);
	return true;
}
