/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Dot transparency. Text goes through in runs; only a dot that begins a line
 * and the CR behind it are ever held back, and they are known from the state
 * alone. Never looks at a bare LF or CR: to these rules it is text.
 */
#include "common/base.h"
#include "handlers/mail/dot.h"

void dot_in_init(struct dot_in *d)
{
	*d = (struct dot_in){.state = DOT_IN_LINE_START};
}

static void pass(struct dot_in *d, const uint8_t *bytes, size_t n,
		 const struct sink *sink)
{
	if (!d->sink_failed && sink_push(sink, bytes, n) < 0)
		d->sink_failed = true;
}

/* Where a byte of text leads; LF ends a line only behind its CR. */
static enum dot_in_state text_state(enum dot_in_state from, uint8_t byte)
{
	if (byte == '\r')
		return DOT_IN_CR;
	if (byte == '\n' && from == DOT_IN_CR)
		return DOT_IN_LINE_START;
	return DOT_IN_TEXT;
}

/* How many bytes from here on are text without any CR. */
static size_t plain_run(const uint8_t *bytes, size_t n)
{
	const uint8_t *cr = memchr(bytes, '\r', n);

	return cr ? (size_t)(cr - bytes) : n;
}

size_t dot_in_push(struct dot_in *d, const uint8_t *bytes, size_t n,
		   const struct sink *sink)
{
	size_t from = 0; /* the first byte not yet passed on */
	size_t i = 0;

	while (i < n && d->state != DOT_IN_END) {
		uint8_t byte = bytes[i];

		if (d->state == DOT_IN_TEXT && byte != '\r') {
			i += plain_run(bytes + i, n - i);
			continue;
		}
		i++;
		if (d->state == DOT_IN_LINE_START && byte == '.') {
			pass(d, bytes + from, i - 1 - from, sink);
			from = i;
			d->state = DOT_IN_DOT;
		} else if (d->state == DOT_IN_DOT && byte == '\r') {
			from = i;
			d->state = DOT_IN_DOT_CR;
		} else if (d->state == DOT_IN_DOT_CR && byte == '\n') {
			from = i;
			d->state = DOT_IN_END;
		} else if (d->state == DOT_IN_DOT_CR) {
			/* More on that line: the dot goes, the CR was text. */
			pass(d, (const uint8_t *)"\r", 1, sink);
			d->state = text_state(DOT_IN_TEXT, byte);
		} else {
			d->state = text_state(d->state, byte);
		}
	}
	pass(d, bytes + from, i - from, sink);
	return i;
}

bool dot_in_done(const struct dot_in *d)
{
	return d->state == DOT_IN_END;
}

void dot_out_init(struct dot_out *d)
{
	*d = (struct dot_out){.line_start = true};
}

/* The octets up to and including the next CRLF's LF, or all there are. */
static size_t line_run(struct dot_out *d, const uint8_t *bytes, size_t n)
{
	size_t i = 0;

	while (i < n) {
		const uint8_t *lf = memchr(bytes + i, '\n', n - i);
		bool cr;

		if (!lf)
			break;
		i = (size_t)(lf - bytes) + 1;
		cr = i > 1 ? lf[-1] == '\r' : d->cr;
		if (cr && (i == n || bytes[i] == '.')) {
			d->line_start = true;
			d->cr = false;
			return i;
		}
	}
	d->line_start = false;
	d->cr = bytes[n - 1] == '\r';
	return n;
}

int dot_out_push(struct dot_out *d, const uint8_t *bytes, size_t n,
		 const struct sink *sink)
{
	while (n) {
		size_t used;

		if (d->line_start && bytes[0] == '.' &&
		    sink_push(sink, (const uint8_t *)".", 1) < 0)
			return -1;
		used = line_run(d, bytes, n);
		if (sink_push(sink, bytes, used) < 0)
			return -1;
		bytes += used;
		n -= used;
	}
	return 0;
}

int dot_out_end(struct dot_out *d, const struct sink *sink)
{
	if (!d->line_start && sink_push(sink, (const uint8_t *)"\r\n", 2) < 0)
		return -1;
	d->line_start = true;
	return sink_push(sink, (const uint8_t *)".\r\n", 3);
}
