/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The summary line: its keys in the form that scripts rely on, and values
 * from outside that cannot break out of theirs.
 */
#include "common/base.h"
#include "handlers/session/summary.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/buf.h"

static const struct {
	struct summary summary;
	const char *line;
} rows[] = {
	{{.peer = "192.0.2.7",
	  .tls = "TLS1.3",
	  .mailbox = "mbx-1",
	  .n_mailboxes = 1,
	  .messages = 1,
	  .octets = 76800,
	  .outcome = OUTCOME_KEPT},
	 "peer=192.0.2.7 tls=TLS1.3 mailbox=mbx-1 messages=1 octets=76800 "
	 "outcome=kept seconds=0.041"},
	{{.peer = "local", .outcome = OUTCOME_IDLE},
	 "peer=local tls=none messages=0 octets=0 outcome=idle "
	 "seconds=0.041"},
	{{.peer = "2001:db8::1",
	  .tls = "",
	  .mailbox = "mbx-1",
	  .n_mailboxes = 3,
	  .messages = UINT64_MAX,
	  .outcome = OUTCOME_TEMPFAIL,
	  .reason = "store"},
	 "peer=2001:db8::1 tls=none mailbox=mbx-1 mailboxes=3 "
	 "messages=18446744073709551615 octets=0 outcome=tempfail "
	 "reason=store seconds=0.041"},
	{{.peer = "a b=c%\n\"\xff\x7f", .outcome = OUTCOME_ERROR, .reason = ""},
	 "peer=a%20b%3Dc%25%0A%22%FF%7F tls=none messages=0 octets=0 "
	 "outcome=error seconds=0.041"},
};

static void a_session_is_one_line(void **state)
{
	struct buf line;

	(void)state;
	buf_init(&line, 2000);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		buf_reset(&line);
		summary_write(&rows[i].summary, 0.041, &line);
		assert_string_equal(line.data, rows[i].line);
	}
	buf_release(&line);
}

static void a_long_value_is_cut_and_the_rest_is_there(void **state)
{
	char name[5000];
	struct summary s = {.peer = name, .mailbox = name, .reason = name};
	struct buf line;

	(void)state;
	memset(name, '\n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	buf_init(&line, 1200);
	summary_write(&s, 0, &line);
	assert_true(line.len < 1000);
	assert_non_null(strstr(line.data, "%0A messages=0 octets=0 outcome="));
	assert_non_null(strstr(line.data, "%0A seconds=0.000"));
	buf_release(&line);
}

static void outcomes_have_the_names_of_the_interface(void **state)
{
	static const char *const names[] = {
		"idle",	   "kept",	  "collected", "relayed",  "dropped",
		"timeout", "auth-failed", "refused",   "tempfail", "error",
	};

	(void)state;
	for (unsigned i = 0; i < N_ELEMENTS(names); i++)
		assert_string_equal(outcome_name((enum outcome)i), names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_is_one_line),
		cmocka_unit_test(a_long_value_is_cut_and_the_rest_is_there),
		cmocka_unit_test(outcomes_have_the_names_of_the_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
