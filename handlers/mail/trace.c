/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trace lines. Everything that a client said goes through one of the three
 * writers below, so that none of it can end a line, leave its comment or make
 * a line that is longer than RFC 5322 2.1.1 allows.
 */
#include "common/base.h"
#include "handlers/mail/trace.h"

#include "common/buf.h"
#include "common/peer.h"
#include "handlers/mail/mail_date.h"

enum { VALUE_MAX = 400, NAME_MAX_OCTETS = 255 };

static bool is_text(const struct trace *t, unsigned char c)
{
	return c >= ' ' && c != 0x7f && (c < 0x80 || t->utf8);
}

/* Text of a client's; what may not stand in a line becomes "?". */
static bool add_text(const struct trace *t, const char *text, struct buf *out)
{
	bool fits = true;

	for (size_t i = 0; fits && text[i] && i < VALUE_MAX; i++)
		fits = buf_add(
			out,
			is_text(t, (unsigned char)text[i]) ? text + i : "?", 1);
	return fits;
}

/* The same within a comment (RFC 5322 3.2.2). */
static bool add_comment_text(const struct trace *t, const char *text,
			     struct buf *out)
{
	bool fits = true;

	for (size_t i = 0; fits && text[i] && i < VALUE_MAX; i++) {
		const char *c =
			is_text(t, (unsigned char)text[i]) ? text + i : "?";

		if (strchr("()\\", *c))
			fits = buf_adds(out, "\\");
		fits = fits && buf_add(out, c, 1);
	}
	return fits;
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
static bool add_note(const struct trace *t, const char *note, struct buf *out)
{
	if (!note[0])
		return true;
	return buf_adds(out, "\r\n\t(") && add_comment_text(t, note, out) &&
	       buf_adds(out, ")");
}

bool trace_sender(const struct trace *t, const char *sender,
		  const char *mailbox_id, const char *domain, struct buf *out)
{
	return buf_adds(out, "Return-Path: <") && add_text(t, sender, out) &&
	       buf_adds(out, ">\r\n") && trace_mailbox(mailbox_id, domain, out);
}

bool trace_mailbox(const char *mailbox_id, const char *domain, struct buf *out)
{
	return buf_addf(out, "Delivered-To: %s@%s\r\n", mailbox_id, domain);
}

bool trace_account(const struct trace *t, const char *account,
		   const char *server, struct buf *out)
{
	return buf_adds(out, "X-Restante-Account: ") &&
	       add_text(t, account, out) &&
	       buf_adds(out, "\r\nX-Restante-Server: ") &&
	       add_text(t, server, out) && buf_adds(out, "\r\n");
}

bool trace_recipient(const struct trace *t, const char *address,
		     const char *note, struct buf *out)
{
	return buf_adds(out, "X-Envelope-To: <") && add_text(t, address, out) &&
	       buf_adds(out, ">") && add_note(t, note, out) &&
	       buf_adds(out, "\r\n");
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
				   add_comment_text(t, t->client_name, out)))
		return false;
	return buf_adds(out, ")");
}

bool trace_received(const struct trace *t, const char *ulid, struct buf *out)
{
	return buf_adds(out, "Received: from ") && add_name(t->helo, out) &&
	       buf_adds(out, " ") && add_peer(t->peer, out) &&
	       buf_addf(out, "\r\n\tby %s (Restante) with %s", t->hostname,
			t->protocol) &&
	       add_tls(t, out) && add_note(t, t->note, out) &&
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
