/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trace lines. Everything that a client said goes through one of the writers
 * below, so that none of it can end a line, leave its comment or make a line
 * that is longer than RFC 5322 2.1.1 allows.
 */
#include "common/base.h"
#include "handlers/mail/trace.h"

#include "common/buf.h"
#include "common/peer.h"
#include "common/utf8.h"
#include "handlers/mail/mail_date.h"
#include "handlers/mail/percent.h"

enum { VALUE_MAX = 400, NAME_MAX_OCTETS = 255 };

/*
 * Octets of the next character of a client's text, which may stand in a line
 * (RFC 6532: UTF-8 may, whoever announced it); 0: it may not.
 */
static size_t text_length(const char *text)
{
	const uint8_t *c = (const uint8_t *)text;
	size_t n = utf8_length(c, strnlen(text, 4));

	return n && utf8_is_control(c, n) ? 0 : n;
}

/*
 * At most VALUE_MAX octets of a client's text. What may not stand in a line
 * becomes "?", and so does each of the octets in `none`; a backslash goes
 * before each of those in `escaped`.
 */
static bool add_text(const char *text, const char *none, const char *escaped,
		     struct buf *out)
{
	bool fits = true;

	for (size_t i = 0; fits && text[i] && i < VALUE_MAX;) {
		size_t n = text_length(text + i);
		bool plain = n && !strchr(none, text[i]);

		if (plain && strchr(escaped, text[i]))
			fits = buf_adds(out, "\\");
		fits = fits &&
		       (plain ? buf_add(out, text + i, n) : buf_adds(out, "?"));
		i += n ? n : 1;
	}
	return fits;
}

/* Within a comment (RFC 5322 3.2.2). */
static bool add_comment_text(const char *text, struct buf *out)
{
	return add_text(text, "", "()\\", out);
}

/* --- addresses, whatever is in them --------------------------------------- */

/* What can stand between angle brackets as it is. */
static bool is_exact(const char *address)
{
	size_t i = 0;

	while (i < VALUE_MAX && address[i]) {
		size_t n = text_length(address + i);

		if (n == 0 || strchr("<>", address[i]))
			return false;
		i += n;
	}
	return !address[i];
}

static bool add_address(const char *name, const char *address, struct buf *out)
{
	return buf_addf(out, "%s: <", name) &&
	       add_text(address, "<>", "", out) && buf_adds(out, ">");
}

/*
 * A field more where that does not say it exactly: every octet of the address,
 * percent-encoded. No sender is turned away for its address, so none can be
 * lost here either.
 */
static bool add_exact(const char *name, const char *address, struct buf *out)
{
	return is_exact(address) ||
	       (buf_addf(out, "%s:", name) &&
		percent_add((const uint8_t *)address, strlen(address), out));
}

/* A host's name as it gave it, or what is left of that in an atom. */
static bool add_name(const char *name, struct buf *out)
{
	bool fits = true;

	if (!name[0])
		return buf_adds(out, "unknown");
	for (size_t i = 0; fits && name[i] && i < NAME_MAX_OCTETS; i++) {
		bool plain = name[i] > ' ' && name[i] < 0x7f &&
			     !strchr("()<>,;\\\"@", name[i]);

		fits = buf_add(out, plain ? name + i : "?", 1);
	}
	return fits;
}

/* On a line of its own, so that neither line grows too long. */
static bool add_note(const char *note, struct buf *out)
{
	if (!note[0])
		return true;
	return buf_adds(out, "\r\n\t(") && add_comment_text(note, out) &&
	       buf_adds(out, ")");
}

bool trace_sender(const char *sender, const char *mailbox_id,
		  const char *domain, struct buf *out)
{
	return add_address("Return-Path", sender, out) &&
	       buf_adds(out, "\r\n") &&
	       add_exact("X-Restante-Sender", sender, out) &&
	       trace_mailbox(mailbox_id, domain, out);
}

bool trace_mailbox(const char *mailbox_id, const char *domain, struct buf *out)
{
	return buf_addf(out, "Delivered-To: %s@%s\r\n", mailbox_id, domain);
}

bool trace_account(const char *account, const char *server, struct buf *out)
{
	return buf_adds(out, "X-Restante-Account: ") &&
	       add_text(account, "", "", out) &&
	       buf_adds(out, "\r\nX-Restante-Server: ") &&
	       add_text(server, "", "", out) && buf_adds(out, "\r\n");
}

bool trace_recipient(const char *address, const char *note, struct buf *out)
{
	return add_address("X-Envelope-To", address, out) &&
	       add_note(note, out) && buf_adds(out, "\r\n") &&
	       add_exact("X-Restante-Recipient", address, out);
}

/* An address literal (RFC 5321 4.1.3), or who it was on this machine. */
static bool add_peer(const struct peer *p, struct buf *out)
{
	if (!p->is_ip)
		return buf_addf(out, "(%s)", p->text);
	return buf_addf(out, "([%s%s])", p->is_ipv6 ? "IPv6:" : "", p->text);
}

static bool add_tls(const struct trace *t, struct buf *out)
{
	if (!t->tls_version[0])
		return true;
	if (!buf_addf(out, "\r\n\t(%s", t->tls_version) ||
	    (t->tls_cipher[0] && !buf_addf(out, " %s", t->tls_cipher)))
		return false;
	if (t->client_name[0] && !(buf_adds(out, ", client ") &&
				   add_comment_text(t->client_name, out)))
		return false;
	return buf_adds(out, ")");
}

bool trace_received(const struct trace *t, const char *ulid, struct buf *out)
{
	return buf_adds(out, "Received: from ") && add_name(t->helo, out) &&
	       buf_adds(out, " ") && add_peer(t->peer, out) &&
	       buf_addf(out, "\r\n\tby %s (Restante) with %s", t->hostname,
			t->protocol) &&
	       add_tls(t, out) && add_note(t->note, out) &&
	       buf_addf(out, "\r\n\tid %s; ", ulid) &&
	       mail_date_add(t->when, out) && buf_adds(out, "\r\n");
}

const char *trace_protocol(bool extended, bool tls, bool utf8)
{
	if (!extended)
		return "SMTP";
	if (utf8)
		return tls ? "UTF8SMTPS" : "UTF8SMTP";
	return tls ? "ESMTPS" : "ESMTP";
}
