/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The keys of restante.conf in one table: where a value goes, what it may be,
 * its default, and what it means. The example file is printed from the table,
 * so the two cannot disagree.
 */
#include "common/base.h"
#include "common/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "common/conf_file.h"
#include "common/conf_rule.h"
#include "common/log.h"
#include "common/mailbox_id.h"
#include "common/paths.h"
#include "common/service_port.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

/* --- rules of single keys ------------------------------------------------- */

static bool path_or_empty(const char *text)
{
	return text[0] == '\0' || conf_path_valid(text);
}

static bool mailbox_or_empty(const char *text)
{
	char id[MAILBOX_ID_LEN + 1];

	return text[0] == '\0' || mailbox_id_parse(text, strlen(text), id);
}

/* "de", "pt_BR". */
static bool port_valid(const char *text)
{
	struct service_port port;
	enum service service;

	return service_port_parse_named(text, &service, &port);
}

static bool language_valid(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz");

	if (n < 2 || n > 3)
		return false;
	if (text[n] == '\0')
		return true;
	return text[n] == '_' && strlen(text + n + 1) == 2 &&
	       strspn(text + n + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 2;
}

static bool tls_version_valid(const char *text)
{
	return strcmp(text, "1.2") == 0 || strcmp(text, "1.3") == 0;
}

static bool set_console_auth(const struct conf_key *key UNUSED,
			     const char *text, void *member)
{
	bool web_server = strcmp(text, "web-server") == 0;

	if (!web_server && strcmp(text, "own") != 0)
		return false;
	if (member)
		*(bool *)member = web_server;
	return true;
}

static const struct conf_type type_console_auth = {.set = set_console_auth,
						   .quoted = true};

static bool set_isolation(const struct conf_key *key UNUSED, const char *text,
			  void *member)
{
	bool fork = strcmp(text, "fork") == 0;

	if (!fork && strcmp(text, "exec") != 0)
		return false;
	if (member)
		*(bool *)member = fork;
	return true;
}

static const struct conf_type type_isolation = {.set = set_isolation,
						.quoted = true};

/* --- the table ------------------------------------------------------------ */

#define MEMBER(name)	  .offset = offsetof(struct conf, name)
#define TEXT(least, most) .type = &conf_type_text, .min = (least), .max = (most)
/* clang-format off */
#define PATH                                                                   \
	TEXT(1, PATH_MAX - 1), .valid = conf_path_valid,                       \
			       .expected = "a path that begins with /"
#define PATH_OR_EMPTY                                                          \
	TEXT(0, PATH_MAX - 1),                                                 \
		.valid = path_or_empty,                                        \
		.expected = "a path that begins with /, or '' for none"
#define PATHS                                                                  \
	.type = &conf_type_strings, .min = 1, .max = PATH_MAX - 1,             \
	.valid = conf_path_valid, .expected = "paths that begin with /"
/* clang-format on */
#define FLAG .type = &conf_type_flag, .expected = "true or false"
#define NETWORKS                                                               \
	.type = &conf_type_networks,                                           \
	.expected = "networks such as { '192.0.2.0/24', '2001:db8::/32' }"
#define NUMBER(least, most)                                                    \
	.type = &conf_type_number, .min = (least), .max = (most),              \
	.expected = "a number from " #least " to " #most
#define TIME(least, most) .type = &conf_type_time, .min = (least), .max = (most)

/*
 * What a handler that has the listening socket goes by. No proxy is forked: its
 * dialler would come by the TLS key.
 */
/* clang-format off */
#define ISOLATION(section, member, normal)                                     \
	{section, "isolation", .type = &type_isolation,                        \
	 MEMBER(member.acceptor.fork), .fallback = (normal),                   \
	 .expected = "'fork' or 'exec'",                                       \
	 .meaning = "What a connection gets of a handler that has the\n"       \
		    "listening socket: a program started for it (exec), or a\n"\
		    "child of the one that is there (fork)."}
#define ACCEPTOR(section, member, connections, per_address)                    \
	{section, "max-connections", NUMBER(1, 100000),                        \
	 MEMBER(member.acceptor.max_connections), .fallback = (connections),   \
	 .meaning = "Connections at the same time, where the handler has the\n"\
		    "listening socket; one too many is told to come again."},  \
	{section, "max-per-address", NUMBER(1, 100000),                        \
	 MEMBER(member.acceptor.max_per_address), .fallback = (per_address),   \
	 .meaning = "Those of one address, or of one IPv6 network of 64\n"     \
		    "bits; networks of proxy-from are not counted."},          \
	{section, "idle-exit", TIME(1, DAY), MEMBER(member.acceptor.idle_exit),\
	 .fallback = "60s", .expected = "a time from 1s to 1d such as 60s",    \
	 .meaning = "How long such a handler stays without a connection."},    \
	{section, "max-age", TIME(1, 7 * DAY), MEMBER(member.acceptor.max_age),\
	 .fallback = "1h", .expected = "a time from 1s to 7d such as 1h",      \
	 .meaning = "How long it stays at most before a new one takes over."}
/* clang-format on */

static const struct conf_key keys[] = {
	{NULL, "hostname", TEXT(1, 255), MEMBER(hostname),
	 .valid = conf_host_valid,
	 .expected = "a host name such as mail.example.org",
	 .meaning = "The name of this host in greetings and trace headers.\n"
		    "Default: what the system calls itself."},
	{NULL, "domain", TEXT(1, 255), MEMBER(domain), .valid = conf_host_valid,
	 .expected = "a domain such as archive.example.org",
	 .meaning = "The right-hand side of mailbox addresses that are shown.\n"
		    "Mail for a known mailbox is accepted at any domain.\n"
		    "Default: the value of hostname."},
	{NULL, "store", PATH, MEMBER(store), .fallback = "/var/lib/restante",
	 .meaning = "The directory that holds the sealed mailboxes."},
	{NULL, "runtime", PATH, MEMBER(runtime), .fallback = "/run/restante",
	 .meaning = "The directory for locks that need not outlive a boot."},
	{NULL, "postmaster", TEXT(0, MAILBOX_ID_LEN), MEMBER(postmaster),
	 .valid = mailbox_or_empty, .fallback = "",
	 .expected = "a mailbox id (mbx- and 32 hexadecimal digits), or ''",
	 .meaning = "The mailbox that takes mail for postmaster.\n"
		    "Empty: such mail is refused."},
	{NULL, "language", TEXT(1, 6), MEMBER(language),
	 .valid = language_valid, .fallback = "en",
	 .expected = "a language such as en, de or pt_BR",
	 .meaning = "The language of the console before anybody chose one."},
	{NULL, "ports", &conf_type_strings, MEMBER(ports), .min = 1, .max = 80,
	 .valid = port_valid,
	 .expected = "SERVICE=PORT such as smtp-journal=25 or "
		     "pop3s-serve=192.0.2.7:995",
	 .meaning = "Where clients find the services, for what is shown and\n"
		    "for 'mailbox test'. Empty: as systemd or xinetd starts\n"
		    "them. Needed where something else does, or a firewall\n"
		    "or a container has other ports to the outside."},

	{"tls", "certificate", PATHS, MEMBER(tls.certificate),
	 .fallback = SYSCONFDIR "/restante/tls/fullchain.pem",
	 .meaning =
		 "PEM file with the certificate and its chain, or a list of\n"
		 "such files: ECDSA and RSA, or other names. A renewed one\n"
		 "counts from the next connection on, without a restart."},
	{"tls", "key", PATHS, MEMBER(tls.key),
	 .fallback = SYSCONFDIR "/restante/tls/privkey.pem",
	 .meaning = "PEM file with the private key of the certificate, or a\n"
		    "list of them in the order of the certificates."},
	{"tls", "min-version", TEXT(3, 3), MEMBER(tls.min_version),
	 .valid = tls_version_valid, .fallback = "1.2",
	 .expected = "'1.2' or '1.3'",
	 .meaning = "The oldest version of TLS that is spoken."},
	{"tls", "priorities", TEXT(0, 1024), MEMBER(tls.priorities),
	 .fallback = "", .expected = "a GnuTLS priority string, or ''",
	 .meaning =
		 "A GnuTLS priority string in place of ours; one that begins\n"
		 "with + - % or ! is added to ours."},
	{"tls", "client-ca", PATH_OR_EMPTY, MEMBER(tls.client_ca),
	 .fallback = "",
	 .meaning = "PEM file with the authorities whose client certificates\n"
		    "count for client-names. Empty: none is asked for."},

	{"smtp-journal", "require-tls", FLAG, MEMBER(smtp_journal.require_tls),
	 .fallback = "true",
	 .meaning = "Whether mail is taken under TLS only."},
	{"smtp-journal", "plaintext-from", NETWORKS,
	 MEMBER(smtp_journal.plaintext_from),
	 .meaning = "Networks that may deliver without TLS all the same."},
	{"smtp-journal", "allow-from", NETWORKS,
	 MEMBER(smtp_journal.allow_from),
	 .meaning = "Networks that may deliver at all. None named: every one."},
	{"smtp-journal", "client-names", .type = &conf_type_strings, .min = 1,
	 .max = 255, MEMBER(smtp_journal.client_names),
	 .expected = "names such as { 'mail.example.org' }",
	 .meaning = "Names of client certificates that may deliver; see\n"
		    "client-ca. None named: no certificate is needed."},
	{"smtp-journal", "max-size", .type = &conf_type_size, .min = 64 << 10,
	 .max = UINT64_C(1) << 40, MEMBER(smtp_journal.max_size),
	 .fallback = "256M",
	 .expected = "a size from 64K to 1024G such as 256M",
	 .meaning = "The largest message, in octets; K, M and G are of 1024."},
	{"smtp-journal", "max-recipients", NUMBER(1, 10000),
	 MEMBER(smtp_journal.max_recipients), .fallback = "100",
	 .meaning = "Recipients of one message."},
	{"smtp-journal", "max-mailboxes", NUMBER(1, 100),
	 MEMBER(smtp_journal.max_mailboxes), .fallback = "10",
	 .meaning = "Different mailboxes of one message."},
	{"smtp-journal", "chunking", FLAG, MEMBER(smtp_journal.chunking),
	 .fallback = "true",
	 .meaning = "Whether BDAT is announced (RFC 3030)."},
	ISOLATION("smtp-journal", smtp_journal, "fork"),
	ACCEPTOR("smtp-journal", smtp_journal, "256", "64"),

	{"pop3-serve", "max-sessions", NUMBER(1, 10000),
	 MEMBER(pop3_serve.max_sessions), .fallback = "20",
	 .meaning = "Collecting sessions at the same time."},
	ISOLATION("pop3-serve", pop3_serve, "exec"),
	ACCEPTOR("pop3-serve", pop3_serve, "64", "32"),

	{"identity", "scrypt-log-n", NUMBER(10, 18),
	 MEMBER(identity.scrypt_log_n), .fallback = "14",
	 .meaning = "The work of one password check is 2 to this power; 14 is\n"
		    "16 MiB. Our passwords are random: 14 is enough."},

	{"ledger", "path", PATH, MEMBER(ledger.path),
	 .fallback = "/var/lib/restante-ledger",
	 .meaning = "The directory of the ledgers, where they are kept."},
	{"ledger", "name", TEXT(0, 200), MEMBER(ledger.name), .fallback = "",
	 .expected = "at most 200 octets",
	 .meaning = "What checkpoints are signed as. Frozen when the first\n"
		    "one is. Empty: the value of hostname."},
	{"ledger", "activity-keep", TIME(DAY, 3650 * DAY),
	 MEMBER(ledger.activity_keep), .fallback = "90d",
	 .expected = "a time from 1d to 3650d such as 90d",
	 .meaning = "How long single sessions are kept beside a ledger."},

	{"proxy", "upstream-ca", PATH_OR_EMPTY, MEMBER(proxy.upstream_ca),
	 .fallback = "",
	 .meaning = "PEM file with the authorities that vouch for the servers\n"
		    "behind the proxies. Empty: those of the system."},
	{"proxy", "connect-timeout", TIME(1, HOUR),
	 MEMBER(proxy.connect_timeout), .fallback = "30s",
	 .expected = "a time from 1s to 1h such as 30s",
	 .meaning = "How long such a server may take to be reached."},
	{"proxy", "login-timeout", TIME(1, HOUR), MEMBER(proxy.login_timeout),
	 .fallback = "60s", .expected = "a time from 1s to 1h such as 60s",
	 .meaning = "How long a login there may take."},
	{"proxy", "idle-timeout", TIME(1, DAY), MEMBER(proxy.idle_timeout),
	 .fallback = "10m", .expected = "a time from 1s to 1d such as 10m",
	 .meaning = "How long a mail client may say nothing (RFC 1939: 10m at\n"
		    "least)."},
	{"proxy", "max-size", .type = &conf_type_size, .max = UINT64_C(1) << 40,
	 MEMBER(proxy.max_size), .fallback = "0",
	 .expected = "0, or a size up to 1024G such as 256M",
	 .meaning = "The largest message that goes through the proxies, in\n"
		    "octets, for each of them is kept. 0: any size that the\n"
		    "server takes."},
	ACCEPTOR("proxy", proxy, "512", "64"),

	{"limits", "command-timeout", TIME(1, DAY),
	 MEMBER(limits.command_timeout), .fallback = "300s",
	 .expected = "a time from 1s to 1d such as 300s",
	 .meaning = "How long a peer may take for a command."},
	{"limits", "data-timeout", TIME(1, DAY), MEMBER(limits.data_timeout),
	 .fallback = "600s", .expected = "a time from 1s to 1d such as 600s",
	 .meaning = "How long it may take for a message, beside what\n"
		    "minimum-rate allows."},
	{"limits", "session-max", TIME(1, 7 * DAY), MEMBER(limits.session_max),
	 .fallback = "3600s", .expected = "a time from 1s to 7d such as 3600s",
	 .meaning = "How long a session may last in all; a collector's is\n"
		    "counted anew from each message."},
	{"limits", "errors", NUMBER(1, 1000), MEMBER(limits.faults),
	 .fallback = "10",
	 .meaning = "Faults of a peer before it is shown the door."},
	{"limits", "login-delay", TIME(0, HOUR), MEMBER(limits.login_delay),
	 .fallback = "30s", .expected = "a time from 0 to 1h such as 30s",
	 .meaning = "How long, at most, a client that has given wrong\n"
		    "passwords waits before its next try. 0: it does not."},
	{"limits", "minimum-rate", NUMBER(0, 1000000),
	 MEMBER(limits.minimum_rate), .fallback = "100",
	 .meaning = "Octets that earn a peer one more second. 0: none do."},
	{"limits", "reserve", .type = &conf_type_size, .max = UINT64_C(1) << 50,
	 MEMBER(limits.reserve), .fallback = "64M",
	 .expected = "a size such as 64M",
	 .meaning = "Free space below which mail is answered with 452."},
	{"limits", "proxy-from", NETWORKS, MEMBER(limits.proxy_from),
	 .meaning = "Networks of balancers: what comes from there must begin\n"
		    "with a PROXY protocol header (version 1 or 2), and the\n"
		    "client that it names counts."},

	{"console", "auth", .type = &type_console_auth,
	 MEMBER(console.web_server_auth), .fallback = "own",
	 .expected = "'own' or 'web-server'",
	 .meaning = "Who asks for the administrator's password: the console\n"
		    "itself, or the web server in front of it."},
	{"console", "admins", PATH, MEMBER(console.admins),
	 .fallback = "/var/lib/restante-console/admins",
	 .meaning = "The file with the administrators and their passwords."},
	{"console", "uncollected-after", TIME(MINUTE, 365 * DAY),
	 MEMBER(console.uncollected_after), .fallback = "3d",
	 .expected = "a time from 1m to 365d such as 3d",
	 .meaning = "How long mail may wait before somebody is told so."},
	{"console", "idle", TIME(MINUTE, 7 * DAY), MEMBER(console.idle),
	 .fallback = "30m", .expected = "a time from 1m to 7d such as 30m",
	 .meaning = "How long a login to the console lasts without a click."},
};

static const struct conf_table table = {keys, N_ELEMENTS(keys)};

/* --- reading -------------------------------------------------------------- */

const char *conf_default_file(void)
{
	return SYSCONFDIR "/restante/restante.conf";
}

/* A host that calls itself nothing useful is localhost in its greetings. */
static char *own_hostname(void)
{
	char name[HOST_NAME_MAX + 1];

	if (gethostname(name, sizeof(name)) < 0 || !conf_host_valid(name))
		return xstrdup("localhost");
	return xstrdup(name);
}

static int open_conf_file(const char *file, struct err *e)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd >= 0)
		return fd;
	err_sys(e, "%s: cannot be opened", file);
	if (errno == ENOENT || errno == ENOTDIR || errno == EACCES)
		e->kind = ERR_CONFIG;
	return -1;
}

/* Rules between keys: a row knows its own alone. */
static int check_together(const struct conf *c, struct err *e)
{
	if (c->tls.certificate.n == c->tls.key.n)
		return 0;
	return err_set(e, ERR_CONFIG,
		       "%s: tls: certificate has %zu and key has %zu: expected "
		       "one key for each certificate, in the same order",
		       c->file, c->tls.certificate.n, c->tls.key.n);
}

struct conf *conf_read(const char *file, struct err *e)
{
	int fd = open_conf_file(file, e), result;
	struct conf *c;

	if (fd < 0)
		return NULL;
	c = xcalloc(1, sizeof(*c));
	c->file = xstrdup(file);
	result = conf_file_read(fd, file, &table, c, e);
	close(fd);
	if (result == 0)
		result = check_together(c, e);
	if (result < 0) {
		conf_free(&c);
		return NULL;
	}
	c->domain_is_assumed = !c->hostname && !c->domain;
	if (!c->hostname)
		c->hostname = own_hostname();
	if (!c->domain)
		c->domain = xstrdup(c->hostname);
	return c;
}

int conf_check_domain(const struct conf *c, struct err *e)
{
	if (!c->domain_is_assumed || strchr(c->domain, '.'))
		return 0;
	return err_set(e, ERR_CONFIG,
		       "%s: hostname is not set, and this host's own name, %s, "
		       "has no domain: addresses of mailboxes would end in it",
		       c->file, c->domain);
}

void conf_free(struct conf **c)
{
	if (!*c)
		return;
	conf_table_release(&table, *c);
	free((*c)->file);
	free(*c);
	*c = NULL;
}

/* --- the annotated example ------------------------------------------------ */

static void print_meaning(FILE *out, const char *indent, const char *meaning)
{
	while (*meaning) {
		size_t n = strcspn(meaning, "\n");

		fprintf(out, "%s# %.*s\n", indent, (int)n, meaning);
		meaning += n + (meaning[n] == '\n');
	}
}

/*
 * A default stands behind "#" alone, prose behind "# ": taking the former
 * away puts every default in force by name. Defaults need no escapes.
 */
static void print_key(FILE *out, const struct conf_key *key, const char *value)
{
	const char *indent = key->section ? "\t" : "";
	const char *quote = key->type->quoted ? "'" : "";

	print_meaning(out, indent, key->meaning);
	if (value)
		fprintf(out, "%s%s = '%s'\n", indent, key->name, value);
	else if (key->type->list && !key->fallback)
		fprintf(out, "%s#%s = {}\n", indent, key->name);
	else if (key->fallback)
		fprintf(out, "%s#%s = %s%s%s\n", indent, key->name, quote,
			key->fallback, quote);
	else
		fprintf(out, "%s# %s = '…'\n", indent, key->name);
}

static bool begins_section(size_t i)
{
	const char *section = table.keys[i].section;

	return section && (i == 0 || !table.keys[i - 1].section ||
			   strcmp(section, table.keys[i - 1].section) != 0);
}

static bool is_hostname(const struct conf_key *key)
{
	return !key->section && strcmp(key->name, "hostname") == 0;
}

void conf_print_example(FILE *out, const char *hostname)
{
	bool open = false;

	fputs("# restante.conf: the configuration of Restante. Every key is "
	      "here, with\n# its default behind a \"#\". The manual page is "
	      "restante.conf(5);\n# `restante config check` tells whether the "
	      "file is right.\n",
	      out);
	for (size_t i = 0; i < table.n; i++) {
		if (begins_section(i)) {
			fprintf(out, "%s\n%s {\n", open ? "}\n" : "",
				table.keys[i].section);
			open = true;
		} else {
			fputc('\n', out);
		}
		print_key(out, &table.keys[i],
			  is_hostname(&table.keys[i]) ? hostname : NULL);
	}
	fputs(open ? "}\n" : "", out);
}
