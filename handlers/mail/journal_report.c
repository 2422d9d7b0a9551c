/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing journal reports. What comes from a message's header goes into the
 * report's text as one line at most, and never into its header, so that no
 * message can write a report of its own.
 */
#include "common/base.h"
#include "handlers/mail/journal_report.h"

#include <strings.h>

#include "common/log.h"
#include "common/utf8.h"
#include "handlers/mail/mail_date.h"

enum { FIELD_MAX = 4 * 1024, ADDRESSES_MAX = REPORT_HEADER_MAX };

void journal_report_init(struct journal_report *r,
			 const struct report_envelope *envelope)
{
	r->envelope = *envelope;
	r->opened = false;
	buf_init(&r->header, REPORT_HEADER_MAX);
}

void journal_report_release(struct journal_report *r)
{
	buf_release(&r->header);
}

/* --- the message's header ------------------------------------------------- */

/* Octets up to and including the empty line; 0: it is not there yet. */
static size_t header_end(const struct buf *header)
{
	const char *end;

	if (header->len >= 2 && memcmp(header->data, "\r\n", 2) == 0)
		return 2;
	end = memmem(header->data, header->len, "\r\n\r\n", 4);
	return end ? (size_t)(end - header->data) + 4 : 0;
}

/* The next line, without its CRLF; *at moves behind it. */
static bool next_line(const struct buf *header, size_t *at, const char **line_r,
		      size_t *n_r)
{
	const char *start = header->data + *at, *end;
	size_t left = header->len - *at;

	end = left ? memmem(start, left, "\r\n", 2) : NULL;
	if (!end || end == start)
		return false;
	*line_r = start;
	*n_r = (size_t)(end - start);
	*at += *n_r + 2;
	return true;
}

static bool is_folded(const char *line)
{
	return *line == ' ' || *line == '\t';
}

/* The octets of "Name:" where the line is that field; 0: it is not. */
static size_t field_name(const char *line, size_t n, const char *name)
{
	size_t n_name = strlen(name), i = n_name;

	if (n <= n_name || strncasecmp(line, name, n_name) != 0)
		return 0;
	while (i < n && (line[i] == ' ' || line[i] == '\t'))
		i++;
	return i < n && line[i] == ':' ? i + 1 : 0;
}

/*
 * Appends what fits, controls as spaces; what is no UTF-8, as the part says
 * that it is, becomes "?".
 */
static void append_text(struct buf *out, const char *text, size_t n)
{
	while (n) {
		const uint8_t *c = (const uint8_t *)text;
		size_t length = utf8_length(c, n);
		bool control = length && utf8_is_control(c, length);
		bool plain = length && !control;

		if (!buf_add(out,
			     plain     ? text
			     : control ? " "
				       : "?",
			     plain ? length : 1))
			return;
		length = length ? length : 1;
		text += length;
		n -= length;
	}
}

/* All the fields of that name, unfolded, one behind the other. */
static void collect_fields(const struct buf *header, const char *name,
			   struct buf *out)
{
	const char *line;
	bool inside = false;
	size_t at = 0, n;

	while (next_line(header, &at, &line, &n)) {
		size_t skip = 0;

		if (!is_folded(line)) {
			skip = field_name(line, n, name);
			inside = skip > 0;
		}
		if (inside)
			append_text(out, line + skip, n - skip);
	}
}

/* --- the text part -------------------------------------------------------- */

static bool is_address_octet(char c)
{
	return c && !strchr(" \t,;:<>()\"", c);
}

/* Whether a list of addresses holds this one, and not one that only ends so. */
static bool names_address(const struct buf *list, const char *address)
{
	size_t n = strlen(address);
	const char *found = list->data;

	while (n && (found = strcasestr(found, address))) {
		bool starts =
			found == list->data || !is_address_octet(found[-1]);

		if (starts && !is_address_octet(found[n]))
			return true;
		found++;
	}
	return false;
}

struct addressees {
	struct buf to, cc;
	bool whole; /* the header was seen to its end */
};

/* An address that stands nowhere in a header seen whole was a Bcc. */
static const char *role_of(const struct addressees *a, const char *address)
{
	if (names_address(&a->to, address))
		return "To";
	if (names_address(&a->cc, address))
		return "Cc";
	return a->whole ? "Bcc" : "Recipient";
}

/* A line of the text part: its value is one line, whatever it holds. */
static bool add_line(struct buf *out, const char *name, const char *value)
{
	struct buf text;
	bool fits;

	buf_init(&text, FIELD_MAX);
	append_text(&text, value, strlen(value));
	fits = buf_addf(out, "%s: %s\r\n", name,
			text.data + strspn(text.data, " "));
	buf_release(&text);
	return fits;
}

static bool add_field(struct buf *out, const struct buf *header,
		      const char *field, const char *name)
{
	struct buf value;
	bool fits;

	buf_init(&value, FIELD_MAX);
	collect_fields(header, field, &value);
	fits = add_line(out, name, value.data);
	buf_release(&value);
	return fits;
}

static bool add_recipients(struct buf *out, const struct journal_report *r,
			   bool whole)
{
	struct addressees a = {.whole = whole};
	bool fits = true;

	buf_init(&a.to, ADDRESSES_MAX);
	buf_init(&a.cc, ADDRESSES_MAX);
	collect_fields(&r->header, "To", &a.to);
	collect_fields(&r->header, "Cc", &a.cc);
	for (size_t i = 0; fits && i < r->envelope.n_recipients; i++)
		fits = add_line(out, role_of(&a, r->envelope.recipients[i]),
				r->envelope.recipients[i]);
	buf_release(&a.to);
	buf_release(&a.cc);
	return fits;
}

static bool add_head(struct buf *out, const struct report_envelope *v)
{
	return buf_addf(out,
			"From: Restante <postmaster@%s>\r\n"
			"Subject: Journal report\r\n"
			"Date: ",
			v->hostname) &&
	       mail_date_add(v->when, out) &&
	       buf_addf(out,
			"\r\n"
			"Message-ID: <%s@%s>\r\n"
			"X-MS-Journal-Report:\r\n"
			"MIME-Version: 1.0\r\n"
			"Content-Type: multipart/mixed; boundary=\"%s\"\r\n"
			"Content-Transfer-Encoding: 8bit\r\n"
			"\r\n"
			"--%s\r\n"
			"Content-Type: text/plain; charset=utf-8\r\n"
			"Content-Transfer-Encoding: 8bit\r\n"
			"\r\n",
			v->ulid, v->hostname, v->ulid, v->ulid);
}

/* More than the part before the message can take. */
static size_t room_for_report(const struct report_envelope *v)
{
	size_t n = REPORT_HEADER_MAX;

	for (size_t i = 0; i < v->n_recipients; i++)
		n += strlen(v->recipients[i]) + sizeof("Recipient: \r\n");
	return n;
}

/* Everything that stands before the message. */
static int open_report(struct journal_report *r, bool whole,
		       const struct sink *sink)
{
	const struct report_envelope *v = &r->envelope;
	struct buf out;
	int result = 0;

	buf_init(&out, room_for_report(v));
	if (!add_head(&out, v) || !add_line(&out, "Sender", v->sender) ||
	    !add_field(&out, &r->header, "Subject", "Subject") ||
	    !add_field(&out, &r->header, "Message-ID", "Message-Id") ||
	    !add_recipients(&out, r, whole) ||
	    !buf_addf(&out,
		      "\r\n--%s\r\n"
		      "Content-Type: message/rfc822\r\n"
		      "Content-Transfer-Encoding: 8bit\r\n"
		      "\r\n",
		      v->ulid))
		die_bug("journal report: %zu octets", out.len);
	r->opened = true;
	result = sink_push(sink, (const uint8_t *)out.data, out.len);
	buf_release(&out);
	if (result == 0)
		result = sink_push(sink, (const uint8_t *)r->header.data,
				   r->header.len);
	return result;
}

/* --- the filter ----------------------------------------------------------- */

int journal_report_push(struct journal_report *r, const uint8_t *bytes,
			size_t n, const struct sink *sink)
{
	if (!r->opened) {
		size_t part = REPORT_HEADER_MAX - r->header.len;
		bool whole;

		if (part > n)
			part = n;
		if (!buf_add(&r->header, bytes, part))
			die_bug("journal report: header of %zu octets",
				r->header.len);
		bytes += part;
		n -= part;
		whole = header_end(&r->header) > 0;
		if (!whole && r->header.len < REPORT_HEADER_MAX)
			return 0;
		if (open_report(r, whole, sink) < 0)
			return -1;
	}
	return sink_push(sink, bytes, n);
}

int journal_report_end(struct journal_report *r, const struct sink *sink)
{
	char end[ULID_LEN + 16];
	int n;

	/* A message without a body: its header ends with it. */
	if (!r->opened && open_report(r, true, sink) < 0)
		return -1;
	n = snprintf(end, sizeof(end), "\r\n--%s--\r\n", r->envelope.ulid);
	return sink_push(sink, (const uint8_t *)end, (size_t)n);
}
