/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fill_counters STORE MESSAGES: gives every mailbox of a store the counters of
 * one in which so many messages wait, spread over 14 days. For measurements of
 * what reads counters; the messages themselves are not there.
 */
#include "common/base.h"

#include <time.h>

#include "common/log.h"
#include "common/num.h"
#include "store/lock_file.h"

enum { HOUR = 3600, OCTETS = 76800 };

struct filling {
	struct store *store;
	uint64_t messages;
};

static int fill(const char *id, void *arg, struct err *e)
{
	const struct filling *f = arg;
	struct mailbox *m = mailbox_open(f->store, id, e);
	struct counters c = {.counted = true};
	int64_t now = time(NULL);
	int64_t first = now - (COUNTERS_HOURS - 1) * HOUR;
	int result;

	if (!m)
		return -1;
	for (uint64_t i = 0; i < f->messages; i++)
		counters_add(&c, OCTETS,
			     first + (int64_t)(i % COUNTERS_HOURS) * HOUR, now);
	c.last_collected = first;
	result = counters_write(m, &c, e);
	mailbox_close(&m);
	return result;
}

int main(int argc, char **argv)
{
	struct filling f = {.store = NULL};
	struct err e;

	log_open("fill_counters", LOG_STYLE_PERSON);
	if (argc != 3 ||
	    !num_parse(argv[2], strlen(argv[2]), UINT32_MAX, &f.messages))
		return 64;
	f.store = store_open(argv[1], &e);
	if (!f.store || store_each_mailbox(f.store, fill, &f, &e) < 0)
		die_temp("%s", e.text);
	store_free(&f.store);
	return 0;
}
