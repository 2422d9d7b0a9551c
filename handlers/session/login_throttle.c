/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys for the throttle of logins, and the waiting. */
#include "common/base.h"
#include "handlers/session/login_throttle.h"

#include <errno.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/throttle.h"

static const char file[] = "login-failures";

/* Most password checks, also two in a row, end within the first. */
enum { REFUSAL_STEP_NS = 250 * 1000 * 1000 };

static void make_key(const struct peer *peer, const char *place,
		     struct buf *key)
{
	char origin[THROTTLE_ORIGIN];

	buf_init(key, 512);
	throttle_origin(peer->text, origin);
	(void)!buf_addf(key, "%s %s", origin, place);
}

void login_throttle_wait(const struct conf *conf, const struct peer *peer,
			 const char *place)
{
	unsigned left;
	struct buf key;

	make_key(peer, place, &key);
	left = throttle_delay(conf->runtime, file, key.data);
	buf_release(&key);
	if (left > conf->limits.login_delay)
		left = conf->limits.login_delay;
	while (left)
		left = sleep(left);
}

void login_throttle_note(const struct conf *conf, const struct peer *peer,
			 const char *place, bool well)
{
	struct buf key;

	make_key(peer, place, &key);
	throttle_note(conf->runtime, file, key.data, !well);
	buf_release(&key);
}

static int64_t nanoseconds(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

void login_refusal_wait(const struct timespec *came)
{
	struct timespec until;
	int64_t taken, end;

	clock_gettime(CLOCK_MONOTONIC, &until);
	taken = nanoseconds(&until) - nanoseconds(came);
	end = nanoseconds(came) +
	      (taken / REFUSAL_STEP_NS + 1) * REFUSAL_STEP_NS;
	until = (struct timespec){.tv_sec = end / 1000000000,
				  .tv_nsec = end % 1000000000};
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) ==
	       EINTR)
		;
}
