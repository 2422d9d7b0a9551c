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

static bool parse_stem(const char *name, size_t n, struct message_name *n_r)
{
	const char *size = name + ULID_LEN + 3, *end = name + n, *comma;

	if (n <= ULID_LEN + 3 || !ulid_valid(name, ULID_LEN) ||
	    memcmp(name + ULID_LEN, ",W=", 3) != 0)
		return false;
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

bool name_parse_kept(const char *name, struct message_name *n_r)
{
	return parse_stem(name, stem_length(name), n_r);
}

static const char full_mark[] = ",F";

/* Whether a stem ends in that mark. */
static bool ends_in(const char *name, size_t n, const char *mark)
{
	size_t n_mark = strlen(mark);

	return n >= n_mark && memcmp(name + n - n_mark, mark, n_mark) == 0;
}

bool name_parse_gone(const char *name, struct message_name *n_r,
		     bool *without_line_r)
{
	size_t n = stem_length(name);

	*without_line_r = ends_in(name, n, full_mark);
	if (*without_line_r)
		n -= sizeof(full_mark) - 1;
	return parse_stem(name, n, n_r);
}

static void write_name(const struct message_name *n, const char *mark,
		       char name_r[NAME_SIZE])
{
	char flags[N_ELEMENTS(flag_letters) + 2];
	char *f = flags;

	if (n->flags)
		*f++ = ',';
	for (size_t i = 0; i < N_ELEMENTS(flag_letters); i++)
		if (n->flags & flag_letters[i].flag)
			*f++ = flag_letters[i].letter;
	*f = '\0';
	if (snprintf(name_r, NAME_SIZE, "%s,W=%llu%s%s%s", n->ulid,
		     (unsigned long long)n->octets, flags, mark,
		     suffix) >= NAME_SIZE)
		die_bug("name of message %s too long", n->ulid);
}

void name_write_kept(const struct message_name *n, char name_r[NAME_SIZE])
{
	write_name(n, "", name_r);
}

void name_write_gone(const struct message_name *n, bool without_line,
		     char name_r[NAME_SIZE])
{
	write_name(n, without_line ? full_mark : "", name_r);
}

/* --- tickets ---------------------------------------------------------------
 */

static const char pending_mark[] = ",P";
static const char node_mark[] = ",n=";

bool node_valid(const char *text, size_t n)
{
	if (n == 0 || n >= NODE_SIZE)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!(text[i] >= 'a' && text[i] <= 'z') &&
		    !(text[i] >= '0' && text[i] <= '9') && text[i] != '-')
			return false;
	return true;
}

/* What stands between the ULID and the end: nothing, or a node. */
static bool parse_node(const char *text, size_t n, char node_r[NODE_SIZE])
{
	const size_t n_mark = sizeof(node_mark) - 1;

	node_r[0] = '\0';
	if (n == 0)
		return true;
	if (n <= n_mark || memcmp(text, node_mark, n_mark) != 0 ||
	    !node_valid(text + n_mark, n - n_mark))
		return false;
	memcpy(node_r, text + n_mark, n - n_mark);
	node_r[n - n_mark] = '\0';
	return true;
}

bool name_parse_ticket(const char *name, struct ticket_name *t_r)
{
	size_t n = stem_length(name);

	if (n < ULID_LEN || !ulid_valid(name, ULID_LEN))
		return false;
	t_r->pending = ends_in(name + ULID_LEN, n - ULID_LEN, pending_mark);
	if (t_r->pending)
		n -= sizeof(pending_mark) - 1;
	if (!parse_node(name + ULID_LEN, n - ULID_LEN, t_r->node))
		return false;
	memcpy(t_r->ulid, name, ULID_LEN);
	t_r->ulid[ULID_LEN] = '\0';
	return true;
}

void name_write_ticket(const struct ticket_name *t, char name_r[NAME_SIZE])
{
	snprintf(name_r, NAME_SIZE, "%.*s%s%.*s%s%s", ULID_LEN, t->ulid,
		 t->node[0] ? node_mark : "", NODE_SIZE - 1, t->node,
		 t->pending ? pending_mark : "", suffix);
}
