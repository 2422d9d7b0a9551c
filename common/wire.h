/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The descriptors under a connection and the time they may take: the one
 * place that blocks, and never beyond a deadline. Knows bytes only.
 */
#ifndef RESTANTE_COMMON_WIRE_H
#define RESTANTE_COMMON_WIRE_H

#include "common/base.h"
#include "common/buf.h"

struct wire {
	int fd_in, fd_out;
	int64_t limit;	   /* milliseconds on CLOCK_MONOTONIC */
	int64_t deadline;  /* the same; INT64_MAX: none */
	unsigned min_rate; /* octets that buy one more second; 0: none do */
	bool hasty;	   /* reads do not wait, whatever the time */
	bool holds;	   /* writes do not either: see wire_settle() */
	struct buf held;   /* what a write could not place */
	uint64_t moved;	   /* octets of use, counted by the owner */
	uint64_t moved_at_start; /* the same when the deadline was set */
};

/* No deadline yet. The descriptors are made non-blocking and stay others'. */
void wire_init(struct wire *w, int fd_in, int fd_out);
void wire_release(struct wire *w);

/* Nothing lasts beyond now + ms, whatever deadlines come later. */
void wire_set_limit(struct wire *w, int64_t ms);

/* now + ms, plus one second per min_rate octets moved from now on. */
void wire_set_deadline(struct wire *w, int64_t ms, unsigned min_rate);

/* Deadline or limit lie behind us. */
bool wire_is_late(const struct wire *w);

/*
 * For struct tls_io; owner is a struct wire. As read(2) and write(2), but
 * they wait, and the write takes all n octets or fails. errno EAGAIN: the
 * deadline passed.
 */
ssize_t wire_read(void *owner, void *bytes, size_t n);
ssize_t wire_write(void *owner, const void *bytes, size_t n);

/*
 * Where writes hold what they cannot place: waits until all of it has left, or
 * there is something to read (*input_r). False, errno set, as wire_write().
 */
bool wire_settle(struct wire *w, bool *input_r);

/* What can be read at once, without waiting. */
ssize_t wire_read_now(struct wire *w, void *bytes, size_t n);

#endif
