/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Quota and rate. A message takes what it needs in steps, under the byte of the
 * counters, so that sessions side by side share what is left. What a killed
 * writer has taken the sweep gives back. Nobody is refused because the counters
 * cannot be had.
 */
#include "common/base.h"
#include "store/limit.h"

#include <time.h>

#include "common/log.h"
#include "store/account.h"

enum { STEP = 1 << 20 };

/* --- what is used ----------------------------------------------------------
 */

void limits_used(const struct mailbox_conf *settings, const struct counters *c,
		 int64_t now, struct limits_used *used_r)
{
	*used_r = (struct limits_used){
		.waiting = c->octets,
		.quota = settings->quota,
		.in_the_hour = counters_of_the_hour(c, now),
		.rate = settings->rate,
	};
}

enum limit_state limit_state(uint64_t used, uint64_t limit)
{
	if (!limit)
		return LIMIT_FAR;
	if (used >= limit)
		return LIMIT_REACHED;
	return used >= limit - limit / 100 * (100 - LIMIT_NEAR_PERCENT)
		       ? LIMIT_NEAR
		       : LIMIT_FAR;
}

static uint64_t left(uint64_t limit, uint64_t used, uint64_t writing)
{
	if (!limit)
		return UINT64_MAX;
	if (used >= limit || limit - used <= writing)
		return 0;
	return limit - used - writing;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t room(const struct mailbox *m, const struct counters *c)
{
	struct limits_used u;

	limits_used(&m->settings, c, time(NULL), &u);
	return smaller(left(u.quota, u.waiting, c->writing),
		       left(u.rate, u.in_the_hour, c->writing));
}

static bool is_limited(const struct mailbox *m)
{
	return m->settings.quota || m->settings.rate;
}

static int refuse(const struct mailbox *m, const struct counters *c,
		  struct err *e)
{
	struct limits_used u;

	limits_used(&m->settings, c, time(NULL), &u);
	return err_set(
		e, ERR_QUOTA,
		"mailbox %s: refused for quota or rate: %llu octets wait "
		"(quota %llu), %llu came within an hour (rate %llu), "
		"%llu are being written",
		m->id, (unsigned long long)u.waiting,
		(unsigned long long)u.quota, (unsigned long long)u.in_the_hour,
		(unsigned long long)u.rate, (unsigned long long)c->writing);
}

int mailbox_room(const struct mailbox *m, uint64_t octets, struct err *e)
{
	struct counters c;

	if (!is_limited(m))
		return 0;
	if (mailbox_counters(m, &c, e) < 0)
		return -1;
	return room(m, &c) < (octets ? octets : 1) ? refuse(m, &c, e) : 0;
}

/* --- a message that grows --------------------------------------------------
 */

struct taking {
	const struct mailbox *mailbox;
	uint64_t wanted;
	uint64_t *got; /* 0: there is not so much */
	struct counters *seen;
};

static void take(struct counters *c, const void *arg)
{
	const struct taking *t = arg;
	uint64_t most = room(t->mailbox, c);

	*t->seen = *c;
	*t->got = t->wanted > most ? 0 : smaller(most, t->wanted + STEP);
	c->writing += *t->got; /* no more than the room that it leaves */
}

int limit_grant(const struct mailbox *m, uint64_t octets, struct limit_grant *g,
		struct err *e)
{
	struct counters seen;
	uint64_t got = 0;
	struct taking t = {m, octets - g->octets, &got, &seen};

	if (!is_limited(m) || octets <= g->octets)
		return 0;
	if (account_count(m, take, &t, e) < 0) {
		log_warn("%s: quota and rate are not asked about a message",
			 e->text);
		g->octets = UINT64_MAX;
		return 0;
	}
	if (!got)
		return refuse(m, &seen, e);
	g->octets += got;
	g->held += got;
	return 0;
}

struct ending {
	const struct mailbox *mailbox;
	uint64_t held;
	const struct kept_fact *fact; /* NULL: it is not kept */
	int64_t now;
};

static void warn_at(const struct mailbox *m, const char *name, uint64_t before,
		    uint64_t after, uint64_t limit)
{
	if (limit_state(after, limit) > limit_state(before, limit))
		log_warn("mailbox %s: %llu octets of its %s of %llu are used; "
			 "beyond it mail is answered with 452",
			 m->id, (unsigned long long)after, name,
			 (unsigned long long)limit);
}

static void end(struct counters *c, const void *arg)
{
	const struct ending *n = arg;
	struct limits_used before, after;

	c->writing -= smaller(c->writing, n->held);
	if (!n->fact)
		return;
	limits_used(&n->mailbox->settings, c, n->now, &before);
	counters_add(c, n->fact->octets, n->fact->when, n->now);
	limits_used(&n->mailbox->settings, c, n->now, &after);
	warn_at(n->mailbox, "quota", before.waiting, after.waiting,
		after.quota);
	warn_at(n->mailbox, "rate", before.in_the_hour, after.in_the_hour,
		after.rate);
}

static bool end_grant(const struct mailbox *m, const struct kept_fact *fact,
		      struct limit_grant *g)
{
	const struct ending n = {m, g->held, fact, time(NULL)};
	struct err e;

	if (!g->held)
		return false;
	*g = (struct limit_grant){.held = 0};
	if (account_count(m, end, &n, &e) == 0)
		return true;
	log_warn("%s: until the next sweep quota and rate count too much",
		 e.text);
	return false;
}

bool limit_kept(const struct mailbox *m, const struct kept_fact *fact,
		struct limit_grant *g)
{
	return end_grant(m, fact, g);
}

void limit_release(const struct mailbox *m, struct limit_grant *g)
{
	(void)end_grant(m, NULL, g);
}
