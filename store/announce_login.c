/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A login's part of it: the half that has opened the mailbox. */
#include "common/base.h"
#include "store/announce.h"

#include "common/log.h"
#include "common/num.h"
#include "store/collection.h"
#include "store/seal/seal.h"
#include "store/seal/session_key.h"
#include "store/spool.h"

static int append(const struct mailbox *m, const struct entry *entry,
		  struct err *e)
{
	struct buf line;
	int result = -1;

	buf_init(&line, LINE_OCTETS_MAX + 1);
	if (entry_write(entry, &line))
		result = spool_append(m, &line, 1, false, e);
	else
		err_set(e, ERR_TEMP, "a line does not fit");
	buf_release(&line);
	return result;
}

/* The key comes first that mail is sealed to now: login_key_check(). */
static int announce(struct collection *c, struct announce_ends *ends,
		    struct err *e)
{
	const struct mailbox *m = c->mailbox;
	struct entry entry = {.kind = ENTRY_ANNOUNCED};
	struct entry_announced *a = &entry.announced;
	uint8_t public[SESSION_KEY_SIZE];

	session_key_public(&c->private_key, public);
	num_write_hex(public, sizeof(public), a->session_key);
	memcpy(a->mailbox, m->id, sizeof(a->mailbox));
	if (!age_recipient_parse(m->settings.recipients.list[0],
				 ends->mailbox) ||
	    !announce_mac(c->private_key.bytes, ends->ledger, ends, a, a->mac))
		return err_set(e, ERR_CONFIG, "no key to be used");
	return append(m, &entry, e);
}

void collection_announce(struct collection *c, const char *ledger)
{
	const struct mailbox *m = c->mailbox;
	struct announce_ends ends;
	struct err e;

	if (m->settings.session_key[0] ||
	    !announce_is_wanted(ledger, m->id, ends.ledger))
		return;
	if (announce(c, &ends, &e) < 0)
		log_info("mailbox %s: its session key is not announced: %s",
			 m->id, e.text);
}
