/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may send, and to whom: MAIL and RCPT. The id in a recipient's address is
 * the sender's credential; beyond it stand source networks, names of client
 * certificates, and room on the disk. Nobody is refused for the form of an
 * address or of a parameter: a copy that is refused is lost.
 */
#include "common/base.h"
#include "handlers/smtp_journal/state.h"

#include <strings.h>

#include "common/log.h"
#include "common/tls.h"
#include "store/store.h"

/* An empty list allows every network. */
static bool network_allowed(const struct smtp_journal *s,
			    const struct conf_networks *networks)
{
	for (size_t i = 0; i < networks->n; i++)
		if (network_has(&networks->list[i], s->peer))
			return true;
	return networks->n == 0;
}

/* As it is written: `*` in a certificate stands for no name of the list. */
static bool is_named(const char *name, const struct conf_strings *names)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcasecmp(names->list[i], name) == 0)
			return true;
	return false;
}

/* An empty list allows every client, and one without a certificate. */
static bool client_allowed(const struct smtp_journal *s,
			   const struct conf_strings *names)
{
	const struct tls_facts *tls = conn_tls(s->conn);

	for (size_t i = 0; tls && i < tls->client_names.n; i++)
		if (is_named(tls->client_names.list[i], names))
			return true;
	return names->n == 0;
}

/* The same two rules for all mailboxes (restante.conf) and for one. */
static const struct reply *peer_refusal(const struct smtp_journal *s,
					const struct conf_networks *networks,
					const struct conf_strings *names)
{
	if (!network_allowed(s, networks))
		return &smtp_network_refused;
	return client_allowed(s, names) ? NULL : &smtp_client_refused;
}

/* So many copies of what MAIL has announced; nothing, where it has not. */
static const struct reply *room_refusal(const struct store *store,
					uint64_t size, size_t copies)
{
	struct err e;

	if (store_room(store, size * copies, &e) == 0)
		return NULL;
	log_error("%s", e.text);
	return smtp_reply_for(e.kind);
}

/*
 * RFC 1870 6.1: what is known to be too big is refused before it is sent. A
 * store that cannot be asked says so at RCPT.
 */
static const struct reply *size_refusal(struct smtp_journal *s, uint64_t size)
{
	const struct store *store = smtp_journal_store(s);

	if (size > s->conf->smtp_journal.max_size)
		return &smtp_too_big;
	return store ? room_refusal(store, size, 1) : NULL;
}

/* What is known by now speaks against all of it, whoever it is for. */
static const struct reply *mail_refusal(struct smtp_journal *s,
					const struct smtp_mail_params *params)
{
	const struct reply *refusal;

	/* RFC 8689: the one promise that ignoring would break. */
	if (params->require_tls && !smtp_journal_secure(s))
		return &smtp_need_tls;
	refusal = peer_refusal(s, &s->conf->smtp_journal.allow_from,
			       &s->conf->smtp_journal.client_names);
	return refusal ? refusal : size_refusal(s, params->size);
}

/* An address off the line, to keep. */
static char *take_address(const char *arg, const char **rest_r)
{
	struct addr_loose a;
	char *address;

	addr_loose_parse(arg, &a, rest_r);
	address = xmalloc(a.n + 1);
	memcpy(address, a.text, a.n);
	address[a.n] = '\0';
	return address;
}

static void log_refusal(const struct smtp_journal *s, const char *who,
			const char *address, const struct reply *refusal)
{
	log_info("%s: %s <%s>: %s %s %s", s->peer->text, who, address,
		 refusal->code, refusal->tag, refusal->text);
}

const struct reply *smtp_journal_mail(void *session, const char *arg)
{
	struct smtp_journal *s = session;
	struct smtp_mail_params params;
	const struct reply *refusal;
	const char *rest;
	char *sender;

	s->refused_for_now = false;
	if (!path_args_skip_word(&arg, "FROM:"))
		return &smtp_bad_syntax;
	sender = take_address(arg, &rest);
	smtp_mail_params_parse(rest, &params);
	refusal = mail_refusal(s, &params);
	if (refusal)
		log_refusal(s, "sender", sender, refusal);
	else
		s->tx = smtp_tx_new(sender, &params);
	free(sender);
	return refusal ? refusal : &smtp_sender_ok;
}

/* The id that an address stands for. False: it stands for none. */
static bool find_id(const struct smtp_journal *s, const char *address,
		    char id_r[MAILBOX_ID_LEN + 1])
{
	const char *postmaster = s->conf->postmaster;

	if (addr_is_postmaster(address))
		return mailbox_id_parse(postmaster, strlen(postmaster), id_r);
	return addr_mailbox_id(address, id_r);
}

/* What mailbox.conf says against it. */
static const struct reply *settings_refusal(const struct smtp_journal *s,
					    const struct mailbox_conf *settings)
{
	if (settings->suspended)
		return smtp_reply_for(ERR_STATE);
	return peer_refusal(s, &settings->allow_from, &settings->client_names);
}

/* Its quota and its rate. */
static const struct reply *limits_refusal(const struct mailbox *m,
					  uint64_t size)
{
	struct err e;

	if (mailbox_room(m, size, &e) == 0)
		return NULL;
	log_warn("%s", e.text);
	return smtp_reply_for(e.kind);
}

static const struct reply *open_copy(struct smtp_journal *s,
				     const struct store *store, const char *id,
				     struct smtp_copy **copy_r)
{
	const struct reply *refusal;
	struct mailbox *m;
	struct err e;

	if (s->tx->n_copies >= s->conf->smtp_journal.max_mailboxes)
		return &smtp_too_many_mailboxes;
	refusal = room_refusal(store, s->tx->params.size, s->tx->n_copies + 1);
	if (refusal)
		return refusal;
	m = smtp_journal_mailbox(s, id, &e);
	if (!m || mailbox_hold(m, &e) < 0) {
		if (e.kind != ERR_ABSENT) /* that is said with the address */
			log_error("%s", e.text);
		refusal = smtp_reply_for(e.kind);
	} else {
		refusal = settings_refusal(s, mailbox_settings(m));
		if (!refusal)
			refusal = limits_refusal(m, s->tx->params.size);
		if (refusal)
			smtp_journal_note_refused(s, id, refusal);
	}
	if (!refusal) {
		*copy_r = smtp_tx_add_copy(s->tx, id, m);
		return NULL;
	}
	mailbox_close(&m);
	return refusal;
}

/*
 * 550 only here, behind a store that was read: one that is not mounted knows
 * no mailbox either, and that passes.
 */
static const struct reply *find_copy(struct smtp_journal *s,
				     const char *address,
				     struct smtp_copy **copy_r)
{
	const struct store *store = smtp_journal_store(s);
	char id[MAILBOX_ID_LEN + 1];

	if (!store)
		return &smtp_trouble;
	if (!find_id(s, address, id))
		return &smtp_no_mailbox;
	*copy_r = smtp_tx_find(s->tx, id);
	return *copy_r ? NULL : open_copy(s, store, id, copy_r);
}

static const struct reply *rcpt_refusal(struct smtp_journal *s,
					const char *address,
					struct smtp_copy **copy_r)
{
	if (!address[0])
		return &smtp_bad_recipient;
	if (s->tx->n_recipients >= s->conf->smtp_journal.max_recipients)
		return &smtp_too_many_recipients;
	return find_copy(s, address, copy_r);
}

const struct reply *smtp_journal_rcpt(void *session, const char *arg)
{
	struct smtp_journal *s = session;
	struct smtp_rcpt_params params;
	const struct reply *refusal;
	struct smtp_copy *copy;
	const char *rest;
	char *address;

	if (!path_args_skip_word(&arg, "TO:"))
		return &smtp_bad_syntax;
	address = take_address(arg, &rest);
	smtp_rcpt_params_parse(rest, &params);
	refusal = rcpt_refusal(s, address, &copy);
	if (refusal)
		log_refusal(s, "recipient", address, refusal);
	else
		smtp_tx_add_recipient(s->tx, copy, address, &params);
	free(address);
	return refusal ? refusal : &smtp_recipient_ok;
}
