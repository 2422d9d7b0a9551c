/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a message. What becomes of it is the sink's to say. */
#include "common/base.h"
#include "handlers/session/read_to_dot.h"

#include "handlers/mail/dot.h"

void read_to_dot_expect(struct conn *c, const struct conf *conf)
{
	conn_set_deadline(c, conf->limits.data_timeout,
			  conf->limits.minimum_rate);
}

static enum conn_status read_some(struct conn *c, struct dot_in *dot,
				  const struct sink *sink)
{
	const uint8_t *bytes;
	enum conn_status status;
	size_t n;

	status = conn_peek(c, &bytes, &n);
	if (status == CONN_OK)
		conn_consume(c, dot_in_push(dot, bytes, n, sink));
	return status;
}

enum conn_status read_to_dot(struct conn *c, const struct sink *sink)
{
	enum conn_status status = CONN_OK;
	struct dot_in dot;

	dot_in_init(&dot);
	while (status == CONN_OK && !dot_in_done(&dot))
		status = read_some(c, &dot, sink);
	return status;
}

enum conn_status read_to_dot_while_taken(struct conn *c,
					 const struct sink *sink, bool *taken_r)
{
	enum conn_status status = CONN_OK;
	struct dot_in dot;

	dot_in_init(&dot);
	while (status == CONN_OK && !dot_in_done(&dot) && !dot.sink_failed)
		status = read_some(c, &dot, sink);
	*taken_r = !dot.sink_failed;
	return status;
}
