/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The line-end rule. Works in runs: what is right already, which is nearly
 * everything, goes through in as few pushes as it came. Holds no bytes, only
 * a count of CRs, so that no input makes it grow.
 */
#include "common/base.h"
#include "common/crlf.h"

#define CRLF ((const uint8_t *)"\r\n")

void crlf_init(struct crlf *c)
{
	*c = (struct crlf){.line_start = true};
}

static int pass_on(struct crlf *c, const uint8_t *bytes, size_t n,
		   const struct sink *sink)
{
	c->octets += n;
	c->line_start = bytes[n - 1] == '\n';
	return sink_push(sink, bytes, n);
}

/* The held CRs turned out to be bare: a space each. */
static int pass_spaces(struct crlf *c, const struct sink *sink)
{
	static const uint8_t spaces[] = "                                ";

	c->changed |= c->n_held > 0;
	while (c->n_held) {
		size_t n = sizeof(spaces) - 1;

		if (n > c->n_held)
			n = (size_t)c->n_held;
		c->n_held -= n;
		if (pass_on(c, spaces, n, sink) < 0)
			return -1;
	}
	return 0;
}

/* An LF: exactly one CR before it is right, none or several are mended. */
static int pass_line_end(struct crlf *c, const struct sink *sink)
{
	c->changed |= c->n_held != 1;
	c->n_held = 0;
	return pass_on(c, CRLF, 2, sink);
}

/* How far bytes may go through as they are: text and whole CRLFs. */
static size_t clean_run(const uint8_t *bytes, size_t n)
{
	size_t i = 0;

	while (i < n) {
		if (bytes[i] == '\n')
			break;
		if (bytes[i] != '\r')
			i++;
		else if (i + 1 < n && bytes[i + 1] == '\n')
			i += 2;
		else
			break;
	}
	return i;
}

int crlf_push(struct crlf *c, const uint8_t *bytes, size_t n,
	      const struct sink *sink)
{
	while (n) {
		size_t used = 1;
		int result = 0;

		if (bytes[0] == '\n') {
			result = pass_line_end(c, sink);
		} else if (bytes[0] == '\r' &&
			   (c->n_held || n == 1 || bytes[1] != '\n')) {
			c->n_held++;
		} else {
			used = clean_run(bytes, n);
			result = pass_spaces(c, sink);
			if (result == 0)
				result = pass_on(c, bytes, used, sink);
		}
		if (result < 0)
			return -1;
		bytes += used;
		n -= used;
	}
	return 0;
}

int crlf_end(struct crlf *c, const struct sink *sink)
{
	if (pass_spaces(c, sink) < 0)
		return -1;
	return c->line_start ? 0 : pass_line_end(c, sink);
}
