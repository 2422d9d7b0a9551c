/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mailbox.conf by a table of keys, as restante.conf is read. What it writes
 * it reads back the same, whatever the values hold.
 */
#include "common/base.h"
#include "store/conf_mailbox.h"

#include "common/conf_file.h"
#include "common/conf_rule.h"
#include "common/iso_time.h"
#include "common/log.h"
#include "common/target.h"

enum { NAME_MAX_OCTETS = 200, DESCRIPTION_MAX = 2000 };

/* --- types of this file alone --------------------------------------------- */

static bool set_id(const struct conf_key *key UNUSED, const char *text,
		   void *member)
{
	char id[MAILBOX_ID_LEN + 1];

	if (!mailbox_id_parse(text, strlen(text), id))
		return false;
	if (member)
		memcpy(member, id, sizeof(id));
	return true;
}

static bool set_time(const struct conf_key *key UNUSED, const char *text,
		     void *member)
{
	int64_t seconds;

	if (!iso_time_parse(text, &seconds))
		return false;
	if (member)
		*(int64_t *)member = seconds;
	return true;
}

/* One of two words; the second is true. */
static bool set_word(const char *text, const char *no, const char *yes,
		     void *member)
{
	bool value = strcmp(text, yes) == 0;

	if (!value && strcmp(text, no) != 0)
		return false;
	if (member)
		*(bool *)member = value;
	return true;
}

static bool set_status(const struct conf_key *key UNUSED, const char *text,
		       void *member)
{
	return set_word(text, "active", "suspended", member);
}

static bool set_copies(const struct conf_key *key UNUSED, const char *text,
		       void *member)
{
	return set_word(text, "original", "journal-report", member);
}

/* Lower-case, as we write it; or none. */
static bool set_session_key(const struct conf_key *key UNUSED, const char *text,
			    void *member)
{
	size_t n = strlen(text);

	if ((n != 0 && n != SESSION_KEY_HEX_LEN) ||
	    strspn(text, "0123456789abcdef") != n)
		return false;
	if (member)
		memcpy(member, text, n + 1);
	return true;
}

static const struct conf_type type_id = {.set = set_id};
static const struct conf_type type_time = {.set = set_time};
static const struct conf_type type_session_key = {.set = set_session_key};
static const struct conf_type type_status = {.set = set_status};
static const struct conf_type type_copies = {.set = set_copies};

/* --- the table ------------------------------------------------------------ */

bool mailbox_recipient_valid(const char *text)
{
	/* Bech32 of 32 octets: "age1", 52 characters and 6 of a checksum. */
	return strlen(text) == 62 && strncmp(text, "age1", 4) == 0 &&
	       strspn(text + 4, "qpzry9x8gf2tvdw0s3jn54khce6mua7l") == 58;
}

bool mailbox_target_valid(const char *target, struct err *e)
{
	struct target parsed;

	return target_parse(target, &parsed, e);
}

static bool target_valid(const char *text)
{
	struct err ignored;

	return mailbox_target_valid(text, &ignored);
}

static bool name_valid(const char *text)
{
	return text[strspn(text, " ")] != '\0';
}

#define LIMIT_MAX (UINT64_C(1) << 50)
#define DAYS_MAX  3660

#define MEMBER(name) .offset = offsetof(struct mailbox_conf, name)

static const struct conf_key keys[] = {
	{NULL, "id", &type_id, MEMBER(id),
	 .expected = "mbx- and 32 hexadecimal digits"},
	{NULL, "name", &conf_type_text, MEMBER(name), .min = 1,
	 .max = NAME_MAX_OCTETS, .valid = name_valid,
	 .expected = "a line of 1 to 200 octets of UTF-8 that is not blank"},
	{NULL, "description", &conf_type_text, MEMBER(description),
	 .max = DESCRIPTION_MAX, .fallback = "",
	 .expected = "a line of at most 2000 octets of UTF-8"},
	{NULL, "status", &type_status, MEMBER(suspended), .fallback = "active",
	 .expected = "'active' or 'suspended'"},
	{NULL, "created", &type_time, MEMBER(created),
	 .fallback = "1970-01-01T00:00:00Z",
	 .expected = "a time such as 2026-08-01T12:00:00Z"},
	{NULL, "recipients", &conf_type_strings, MEMBER(recipients), .max = 62,
	 .valid = mailbox_recipient_valid,
	 .expected = "age recipients, age1 and 58 characters each"},
	{NULL, "session-key", &type_session_key, MEMBER(session_key),
	 .fallback = "", .expected = "64 lower-case hexadecimal digits"},
	{NULL, "targets", &conf_type_strings, MEMBER(targets), .max = 1024,
	 .valid = target_valid,
	 .expected = "HOST[:PORT][,tls=implicit|starttls]"
		     "[,pin-sha256=BASE64], *.DOMAIN or *"},
	{NULL, "copies", &type_copies, MEMBER(journal_report),
	 .fallback = "original", .expected = "'original' or 'journal-report'"},
	{NULL, "allow-from", &conf_type_strings, MEMBER(allow_from_text),
	 .max = 64, .valid = conf_network_valid,
	 .expected = "networks such as 192.0.2.0/24 and 2001:db8::/32"},
	{NULL, "client-names", &conf_type_strings, MEMBER(client_names),
	 .min = 1, .max = 255,
	 .expected = "names of client certificates, 1 to 255 octets each"},
	{NULL, "quota", &conf_type_size, MEMBER(quota), .max = LIMIT_MAX,
	 .fallback = "0",
	 .expected = "octets that may wait, such as 10G, or 0"},
	{NULL, "rate", &conf_type_size, MEMBER(rate), .max = LIMIT_MAX,
	 .fallback = "0",
	 .expected = "octets that may come in an hour, such as 2G, or 0"},
	{NULL, "undo", &conf_type_number, MEMBER(undo), .max = DAYS_MAX,
	 .fallback = "0", .expected = "days, 0 to 3660"},
	{NULL, "hold", &conf_type_flag, MEMBER(hold), .fallback = "false",
	 .expected = "true or false"},
	{NULL, "expire", &conf_type_number, MEMBER(expire), .max = DAYS_MAX,
	 .fallback = "0", .expected = "days, 0 to 3660"},
};

static const struct conf_table table = {keys, N_ELEMENTS(keys)};

/* --- reading -------------------------------------------------------------- */

/* The networks once more, as they are compared. */
static void derive_networks(struct mailbox_conf *m)
{
	static const struct conf_key any = {.name = "allow-from"};

	conf_networks_release(&m->allow_from);
	for (size_t i = 0; i < m->allow_from_text.n; i++)
		if (!conf_type_networks.set(&any, m->allow_from_text.list[i],
					    &m->allow_from))
			die_bug("network %s passed a check and failed it",
				m->allow_from_text.list[i]);
}

/* Without these a mailbox cannot be named, and nothing sealed for it. */
static int check_complete(const struct mailbox_conf *m, const char *name,
			  struct err *e)
{
	if (m->id[0] == '\0')
		return err_set(e, ERR_CONFIG, "%s: the key id is missing",
			       name);
	if (!m->name)
		return err_set(e, ERR_CONFIG, "%s: the key name is missing",
			       name);
	if (m->recipients.n == 0)
		return err_set(e, ERR_CONFIG,
			       "%s: the key recipients is missing or empty",
			       name);
	return 0;
}

int mailbox_conf_read(int fd, const char *name, struct mailbox_conf *m_r,
		      struct err *e)
{
	*m_r = (struct mailbox_conf){.name = NULL};
	if (conf_file_read(fd, name, &table, m_r, e) < 0 ||
	    check_complete(m_r, name, e) < 0) {
		mailbox_conf_release(m_r);
		return -1;
	}
	derive_networks(m_r);
	return 0;
}

void mailbox_conf_release(struct mailbox_conf *m)
{
	conf_table_release(&table, m);
	conf_networks_release(&m->allow_from);
}

/* --- writing -------------------------------------------------------------- */

static bool write_value(struct buf *out, const char *name, const char *value)
{
	return buf_addf(out, "%s = ", name) && conf_quote(out, value) &&
	       buf_adds(out, "\n");
}

static bool write_list(struct buf *out, const char *name,
		       const struct conf_strings *s)
{
	bool room = buf_addf(out, "%s = {", name);

	for (size_t i = 0; room && i < s->n; i++)
		room = buf_adds(out, i ? ",\n\t" : "\n\t") &&
		       conf_quote(out, s->list[i]);
	return room && buf_adds(out, s->n ? "\n}\n" : "}\n");
}

/* Where there is one. */
static bool write_limit(struct buf *out, const char *name, uint64_t limit)
{
	return !limit ||
	       buf_addf(out, "%s = %llu\n", name, (unsigned long long)limit);
}

static int check_value(const struct conf_key *key, const char *value,
		       struct err *e)
{
	if (value && key->type->set(key, value, NULL))
		return 0;
	return err_set(e, ERR_CONFIG, "%s = '%s': expected %s", key->name,
		       value ? value : "", key->expected);
}

/* What was put into the struct by hand must be what a file may say. */
static int check_values(const struct mailbox_conf *m, struct err *e)
{
	for (size_t k = 0; k < table.n; k++) {
		const void *member = (const char *)m + keys[k].offset;

		if (keys[k].type == &conf_type_text &&
		    check_value(&keys[k], *(char *const *)member, e) < 0)
			return -1;
		if (keys[k].type == &conf_type_strings) {
			const struct conf_strings *s = member;

			for (size_t i = 0; i < s->n; i++)
				if (check_value(&keys[k], s->list[i], e) < 0)
					return -1;
		}
	}
	return check_complete(m, "mailbox.conf", e);
}

int mailbox_conf_write(const struct mailbox_conf *m, struct buf *out,
		       struct err *e)
{
	char created[ISO_TIME_LEN + 1];

	if (check_values(m, e) < 0)
		return -1;
	iso_time_write(m->created, created);
	if (buf_adds(out, "# Written by restante, which changes it with\n"
			  "# `restante mailbox set`; mailbox.conf(5).\n") &&
	    write_value(out, "id", m->id) &&
	    write_value(out, "name", m->name) &&
	    write_value(out, "description", m->description) &&
	    write_value(out, "status", m->suspended ? "suspended" : "active") &&
	    write_value(out, "created", created) &&
	    write_list(out, "recipients", &m->recipients) &&
	    (!m->session_key[0] ||
	     write_value(out, "session-key", m->session_key)) &&
	    write_list(out, "targets", &m->targets) &&
	    write_value(out, "copies",
			m->journal_report ? "journal-report" : "original") &&
	    write_list(out, "allow-from", &m->allow_from_text) &&
	    write_list(out, "client-names", &m->client_names) &&
	    write_limit(out, "quota", m->quota) &&
	    write_limit(out, "rate", m->rate) &&
	    write_limit(out, "undo", m->undo) &&
	    (!m->hold || buf_adds(out, "hold = true\n")) &&
	    write_limit(out, "expire", m->expire))
		return 0;
	return err_set(e, ERR_CONFIG,
		       "mailbox.conf would be longer than %zu octets",
		       out->max);
}

/* --- one key by its name -------------------------------------------------- */

static const char *const settable[] = {"name",	     "description",  "copies",
				       "allow-from", "client-names", "quota",
				       "rate",	     "undo",	     "expire"};

static const struct conf_key *find_settable(const char *name)
{
	for (size_t i = 0; i < N_ELEMENTS(settable); i++)
		if (strcmp(settable[i], name) == 0)
			return conf_table_find(&table, NULL, name);
	return NULL;
}

/* "a, b" into its members. False: one of them is not what key expects. */
static bool split_list(const struct conf_key *key, const char *value,
		       struct conf_strings *list_r)
{
	char *copy = xstrdup(value), *rest = copy, *word;
	bool good = true;

	*list_r = (struct conf_strings){.n = 0};
	while (good && (word = strsep(&rest, ","))) {
		size_t n;

		word += strspn(word, " ");
		n = strlen(word);
		while (n > 0 && word[n - 1] == ' ')
			word[--n] = '\0';
		if (n > 0 || rest || list_r->n > 0)
			good = key->type->set(key, word, list_r);
	}
	free(copy);
	if (!good)
		conf_strings_release(list_r);
	return good;
}

static bool set_list(const struct conf_key *key, const char *value,
		     struct conf_strings *member)
{
	struct conf_strings list;

	if (!split_list(key, value, &list))
		return false;
	conf_strings_release(member);
	*member = list;
	return true;
}

int mailbox_conf_set(struct mailbox_conf *m, const char *name,
		     const char *value, struct err *e)
{
	const struct conf_key *key = find_settable(name);
	void *member;
	bool good;

	if (!key)
		return err_set(
			e, ERR_CONFIG,
			"'%s' is no setting: expected name, description, "
			"copies, allow-from, client-names, quota, rate, undo "
			"or expire",
			name);
	member = (char *)m + key->offset;
	good = key->type->list ? set_list(key, value, member)
			       : key->type->set(key, value, member);
	if (!good)
		return err_set(e, ERR_CONFIG, "%s = '%s': expected %s", name,
			       value, key->expected);
	derive_networks(m);
	return 0;
}
