/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of message files. Never touches a file. */
#include "common/base.h"
#include "store/name.h"

#include "common/log.h"
#include "common/num.h"
#include "store/store.h"

/* In the order in which they stand in a name. */
static const struct {
	char letter;
	unsigned flag;
} flag_letters[] = {
	{'N', MESSAGE_NORMALISED},
	{'U', MESSAGE_UNCONFIRMED},
	{'D', MESSAGE_DAMAGED},
};

static const char suffix[] = ".age";

/* Each letter at most once and in order: one name for one set of flags. */
static bool parse_flags(const char *text, size_t n, unsigned *flags_r)
{
	size_t row = 0;

	*flags_r = 0;
	for (size_t i = 0; i < n; i++) {
		while (row < N_ELEMENTS(flag_letters) &&
		       flag_letters[row].letter != text[i])
			row++;
		if (row == N_ELEMENTS(flag_letters))
			return false;
		*flags_r |= flag_letters[row++].flag;
	}
	return true;
}

/* Length without ".age", or 0 where the name has no such end. */
static size_t stem_length(const char *name)
{
	size_t n = strlen(name), n_suffix = sizeof(suffix) - 1;

	if (n <= n_suffix || strcmp(name + n - n_suffix, suffix) != 0)
		return 0;
	return n - n_suffix;
}

/* As it is written: "012" would be found, and never again under its name. */
static bool parse_octets(const char *text, size_t n, uint64_t *octets_r)
{
	return (n == 1 || *text != '0') &&
	       num_parse(text, n, INT64_MAX, octets_r);
}

bool name_parse_kept(const char *name, struct message_name *n_r)
{
	const char *size = name + ULID_LEN + 3, *end, *comma;
	size_t n = stem_length(name);

	if (n <= ULID_LEN + 3 || !ulid_valid(name, ULID_LEN) ||
	    memcmp(name + ULID_LEN, ",W=", 3) != 0)
		return false;
	end = name + n;
	comma = memchr(size, ',', (size_t)(end - size));
	if (!parse_octets(size, (size_t)((comma ? comma : end) - size),
			  &n_r->octets))
		return false;
	n_r->flags = 0;
	if (comma &&
	    (comma + 1 == end ||
	     !parse_flags(comma + 1, (size_t)(end - comma - 1), &n_r->flags)))
		return false;
	memcpy(n_r->ulid, name, ULID_LEN);
	n_r->ulid[ULID_LEN] = '\0';
	return true;
}

void name_write_kept(const struct message_name *n, char name_r[NAME_SIZE])
{
	char flags[N_ELEMENTS(flag_letters) + 2];
	char *f = flags;

	if (n->flags)
		*f++ = ',';
	for (size_t i = 0; i < N_ELEMENTS(flag_letters); i++)
		if (n->flags & flag_letters[i].flag)
			*f++ = flag_letters[i].letter;
	*f = '\0';
	if (snprintf(name_r, NAME_SIZE, "%s,W=%llu%s%s", n->ulid,
		     (unsigned long long)n->octets, flags, suffix) >= NAME_SIZE)
		die_bug("name of message %s too long", n->ulid);
}

static const char pending_mark[] = ",P";

bool name_parse_ticket(const char *name, struct ticket_name *t_r)
{
	size_t n = stem_length(name), n_mark = sizeof(pending_mark) - 1;

	if (n < ULID_LEN || !ulid_valid(name, ULID_LEN))
		return false;
	t_r->pending = n == ULID_LEN + n_mark &&
		       memcmp(name + ULID_LEN, pending_mark, n_mark) == 0;
	if (n != ULID_LEN && !t_r->pending)
		return false;
	memcpy(t_r->ulid, name, ULID_LEN);
	t_r->ulid[ULID_LEN] = '\0';
	return true;
}

void name_write_ticket(const struct ticket_name *t, char name_r[NAME_SIZE])
{
	snprintf(name_r, NAME_SIZE, "%.*s%s%s", ULID_LEN, t->ulid,
		 t->pending ? pending_mark : "", suffix);
}
