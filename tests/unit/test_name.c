/* SPDX-License-Identifier: GPL-3.0-or-later */
/* File names in cur/ and tmp/: what reads back, and what is no name of ours. */
#include "common/base.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "store/name.h"
#include "store/store.h"

#define U "01J5ZX3K7Q8W9E2R4T6Y0P1M3N"

static const struct {
	const char *name;
	uint64_t octets;
	unsigned flags;
} kept[] = {
	{U ",W=0.age", 0, 0},
	{U ",W=76800.age", 76800, 0},
	{U ",W=1,N.age", 1, MESSAGE_NORMALISED},
	{U ",W=1,U.age", 1, MESSAGE_UNCONFIRMED},
	{U ",W=1,NUD.age", 1,
	 MESSAGE_NORMALISED | MESSAGE_UNCONFIRMED | MESSAGE_DAMAGED},
	{U ",W=9223372036854775807,D.age", INT64_MAX, MESSAGE_DAMAGED},
};

static const char *const not_kept[] = {
	"",
	".",
	"..",
	".age",
	U,
	U ".age",
	U ",W=.age",
	U ",W=1",
	U ",W=1.ag",
	U ",W=1,.age",
	U ",W=1,DN.age",
	U ",W=1,NN.age",
	U ",W=1,X.age",
	U ",W=1,N,D.age",
	U ",W=-1.age",
	U ",W=+1.age",
	U ",W= 1.age",
	U ",W=01.age",
	U ",W=00.age",
	U ",W=1x.age",
	U ",W=9223372036854775808.age",
	U ",W=99999999999999999999999.age",
	U ",V=1.age",
	"81J5ZX3K7Q8W9E2R4T6Y0P1M3N,W=1.age",
	"01J5ZX3K7Q8W9E2R4T6Y0P1M3I,W=1.age",
	"01j5zx3k7q8w9e2r4t6y0p1m3n,W=1.age",
	"x" U ",W=1.age",
};

static void kept_names_read_back(UNUSED void **state)
{
	for (size_t i = 0; i < N_ELEMENTS(kept); i++) {
		char written[NAME_SIZE];
		struct message_name n;

		assert_true(name_parse_kept(kept[i].name, &n));
		assert_string_equal(n.ulid, U);
		assert_int_equal(n.octets, kept[i].octets);
		assert_int_equal(n.flags, kept[i].flags);
		name_write_kept(&n, written);
		assert_string_equal(written, kept[i].name);
	}
}

static void other_names_are_refused(UNUSED void **state)
{
	struct message_name n;

	for (size_t i = 0; i < N_ELEMENTS(not_kept); i++)
		if (name_parse_kept(not_kept[i], &n))
			fail_msg("taken for a message: %s", not_kept[i]);
}

static void tickets_read_back(UNUSED void **state)
{
	static const char *const bad[] = {
		"",	    ".age",	  U,	     U ",P,P.age", U ",PP.age",
		U ",U.age", U ",W=1.age", U ".agee", "x" U ".age"};
	static const char *const good[] = {U ".age", U ",P.age"};
	char written[NAME_SIZE];
	struct ticket_name t;

	for (size_t i = 0; i < N_ELEMENTS(good); i++) {
		assert_true(name_parse_ticket(good[i], &t));
		assert_string_equal(t.ulid, U);
		assert_int_equal(t.pending, i == 1);
		name_write_ticket(&t, written);
		assert_string_equal(written, good[i]);
	}
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_false(name_parse_ticket(bad[i], &t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_names_read_back),
		cmocka_unit_test(other_names_are_refused),
		cmocka_unit_test(tickets_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
