/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The C half of the shell command `restante`: its table of commands, and the
 * way from a command line to one of them. What a command does stands in
 * tool_*.c.
 */
#include "common/base.h"

#include <limits.h>
#include <unistd.h>

#include "common/limit_process.h"
#include "common/log.h"
#include "handlers/tool/ask.h"
#include "handlers/tool/command.h"
#include "handlers/tool/create.h"
#include "handlers/tool/store.h"

/* --- the table ------------------------------------------------------------ */

#define READS	(TOOL_NEEDS_CONF | TOOL_NEEDS_STORE)
#define CHANGES (READS | TOOL_CHANGES)

/* A second line of what a command is about: 80 columns are enough. */
#define MORE "\n      "

static const struct tool_command commands[] = {
	{"mailbox create",
	 "NAME [--description TEXT] [--recipient age1…]… [--target TARGET]… "
	 "[--id mbx-…] [--same-name] [--porcelain] | --csv FILE "
	 "[--passwords FILE [--resume]] [--same-name]",
	 "make a mailbox, and show its password once; --id: one that mail" MORE
	 "is sent to already; --same-name: another may have that name;" MORE
	 "--csv: all of a list, their passwords into a new file",
	 "description= recipient= target= id= same-name porcelain csv= "
	 "passwords= resume",
	 0, 1, CHANGES, tool_create},
	{"mailbox list",
	 "[--status active|suspended] [--name TEXT] [--sort KEY] "
	 "[--porcelain | --json]",
	 "one line for each mailbox; TEXT is a part of its name; KEY one "
	 "of" MORE "id, name, messages, bytes, received, collected",
	 "status= name= sort= porcelain json", 0, 0, READS, tool_list},
	{"mailbox show", "ID [--porcelain | --json]",
	 "all that is known of a mailbox", "porcelain json", 1, 1, READS,
	 tool_show},
	{"mailbox settings", "ID [--json]",
	 "what to enter in the archive, the mail server, the mail client",
	 "json", 1, 1, READS, tool_settings},
	{"mailbox set", "ID KEY=VALUE… [--same-name]",
	 "change name, description, copies, allow-from, client-names, "
	 "quota," MORE "rate, undo, expire",
	 "same-name", 2, SIZE_MAX, CHANGES, tool_set},
	{"mailbox suspend", "ID", "take no more mail (450); collecting goes on",
	 "", 1, 1, CHANGES, tool_suspend},
	{"mailbox activate", "ID", "take mail again", "", 1, 1, CHANGES,
	 tool_activate},
	{"mailbox alias", "ID [--remove]",
	 "show a short name for logins, made where there is none;" MORE
	 "--remove: it is good no more",
	 "remove", 1, 1, CHANGES, tool_alias},
	{"mailbox recipient add",
	 "ID age1… [--password | --recovery-identity FILE]",
	 "seal mail to a recovery key as well",
	 "password recovery-identity=", 2, 2, CHANGES, tool_recipient_add},
	{"mailbox recipient remove",
	 "ID age1… [--password | --recovery-identity FILE] [--yes]",
	 "seal no more mail to it; with the password, to a new key",
	 "password recovery-identity= yes", 2, 2, CHANGES,
	 tool_recipient_remove},
	{"mailbox recipient list", "ID", "whom mail is sealed to", "", 1, 1,
	 READS, tool_recipient_list},
	{"mailbox target add", "ID TARGET",
	 "let the proxies reach *, *.DOMAIN, or" MORE
	 "HOST[:PORT][,tls=implicit|starttls][,pin-sha256=BASE64]",
	 "", 2, 2, CHANGES, tool_target_add},
	{"mailbox target remove", "ID TARGET", "no longer", "", 2, 2, CHANGES,
	 tool_target_remove},
	{"mailbox target list", "ID", "what they may reach", "", 1, 1, READS,
	 tool_target_list},
	{"mailbox passwd",
	 "ID [--recovery-identity FILE | --confirm | --cancel]",
	 "make a new password; nothing is lost",
	 "recovery-identity= confirm cancel", 1, 1, CHANGES, tool_passwd},
	{"mailbox rekey", "ID",
	 "make a new key under the same password; nothing is lost", "", 1, 1,
	 CHANGES, tool_rekey},
	{"mailbox reset", "ID [--messages N] [--recovery-identity FILE]",
	 "make a new key where the password is lost;" MORE
	 "mail (at most N messages) becomes unreadable",
	 "messages= recovery-identity=", 1, 1, CHANGES, tool_reset},
	{"mailbox delete", "ID [--yes]", "remove a suspended mailbox for good",
	 "yes", 1, 1, CHANGES, tool_delete},
	{"mailbox undo", "ID [--since TIME]",
	 "bring back what was deleted and is still there, as new messages",
	 "since=", 1, 1, CHANGES, tool_undo},
	{"mailbox hold", "ID",
	 "from now on nothing that is deleted goes; undo without end", "", 1, 1,
	 CHANGES, tool_hold},
	{"mailbox release", "ID", "no longer; what is over by `undo` goes", "",
	 1, 1, CHANGES, tool_release},
	{"mailbox export", "ID --format eml|mbox [--identity FILE] DIR",
	 "write the messages to files; the mailbox stays as it was",
	 "format= identity=", 2, 2, CHANGES, tool_export},
	{"mailbox test", "ID",
	 "send it a message through smtp-journal's port, and show each step",
	 "", 1, 1, CHANGES, tool_test},
	{"activity", "[ID] [--since TIME] [--outcome O] [--json]",
	 "who sent to it and who collected from it, one line a session",
	 "since= outcome= json", 0, 1, READS, tool_activity},
	{"ledger show", "ID [--since TIME]",
	 "every entry of a ledger, and which of them count", "since=", 1, 1,
	 TOOL_NEEDS_CONF, tool_ledger_show},
	{"ledger verify", "[ID | DIR] [--content] [--checkpoint FILE] [--json]",
	 "whether ledgers are what was signed, and the mailboxes what they "
	 "say;" MORE "DIR, with a / in it: a copy of one, or of all of them",
	 "content checkpoint= json", 0, 1, 0, tool_ledger_verify},
	{"ledger proof", "ID ULID DIR",
	 "what proves that a message was received, as files for somebody "
	 "else",
	 "", 3, 3, TOOL_NEEDS_CONF, tool_ledger_proof},
	{"ledger checkpoint", "[ID]",
	 "what was signed last of a ledger, or of the host's, to be kept "
	 "elsewhere",
	 "", 0, 1, TOOL_NEEDS_CONF, tool_ledger_checkpoint},
	{"ledger adopt", "ID [--reason TEXT] [--json]",
	 "begin a ledger behind one that is whole, of a mailbox that is not "
	 "what" MORE "it was: copied, or restored from a backup",
	 "reason= json", 1, 1, TOOL_NEEDS_CONF, tool_ledger_adopt},
	{"ledger resume", "ID --reason TEXT [--json]",
	 "begin a ledger behind one that was lost, or restored from a backup",
	 "reason= json", 1, 1, TOOL_NEEDS_CONF, tool_ledger_resume},
	{"ledger drop", "ID [--reason TEXT] [--yes] [--json]",
	 "remove the ledger of a mailbox that was deleted", "reason= yes json",
	 1, 1, TOOL_NEEDS_CONF, tool_ledger_drop},
	{"ledger key", "", "the public key that all of them are signed with",
	 "", 0, 0, TOOL_NEEDS_CONF, tool_ledger_key},
	{"sweep", "",
	 "remove what has left, is unfinished, or old (the timer does it)", "",
	 0, 0, READS, tool_sweep},
	{"store upgrade", "[--now]",
	 "bring a store of format 1 to format 2, in place;" MORE
	 "--now ends the sessions that are open",
	 "now", 0, 0, TOOL_NEEDS_CONF, tool_store_upgrade},
	{"settle", "",
	 "put passwords in force that were used, tidy up (the timer does it)",
	 "", 0, 0, CHANGES, tool_settle},
	{"status", "[--json]",
	 "how things stand; exit 1 where a person is needed", "json", 0, 0,
	 READS, tool_status},
	{"doctor", "[--fix] [--json]",
	 "what is wrong with this host, on what, and what to do; as root;" MORE
	 "--fix puts owners and rights right",
	 "fix json", 0, 0, TOOL_NEEDS_CONF, tool_doctor},
	{"certificate", "[--porcelain]",
	 "whom the certificate is for, by whom, and until when", "porcelain", 0,
	 0, TOOL_NEEDS_CONF, tool_certificate},
	{"setup",
	 "[--yes] [--hostname NAME] [--domain NAME] [--certificate WHICH] "
	 "[--email ADDRESS] [--acme-server URL] [--services LIST] "
	 "[--port PROGRAM=N]… [--mailbox NAME] [--postmaster NAME] "
	 "[--admin NAME]",
	 "bring this host into service, or change what was chosen; asks "
	 "what" MORE "no option says, with --yes nothing",
	 "yes hostname= domain= certificate= email= acme-server= services= "
	 "port= mailbox= postmaster= admin=",
	 0, 0, 0, tool_setup},
	{"config check", "", "whether the configuration is right", "", 0, 0,
	 TOOL_NEEDS_CONF, tool_config_check},
	{"config init", "", "write the first configuration, make the store", "",
	 0, 0, 0, tool_config_init},
	{"config example", "", "print every key with its default and meaning",
	 "", 0, 0, 0, tool_config_example},
	{"admin add", "NAME [--one-time]",
	 "let a person into the console; --one-time: a password is made, to "
	 "be" MORE "replaced at the first sign-in",
	 "one-time", 1, 1, TOOL_NEEDS_CONF, tool_admin_add},
	{"admin passwd", "NAME [--one-time]",
	 "give another password, which ends all sessions", "one-time", 1, 1,
	 TOOL_NEEDS_CONF, tool_admin_passwd},
	{"admin list", "", "who may sign in to the console", "", 0, 0,
	 TOOL_NEEDS_CONF, tool_admin_list},
	{"admin remove", "NAME", "no longer, and at once", "", 1, 1,
	 TOOL_NEEDS_CONF, tool_admin_remove},
};

/* --- help ----------------------------------------------------------------- */

/* How much of text stands on a line of n columns: up to a blank. */
static size_t fits(const char *text, size_t n)
{
	size_t len = strlen(text);

	if (len <= n)
		return len;
	for (len = n; len > 0; len--)
		if (text[len] == ' ' && strchr("[|", text[len + 1]))
			return len;
	return strlen(text);
}

/* On as many lines as 80 columns need. */
static void print_usage(FILE *out, const struct tool_command *c)
{
	size_t head = strlen("  ") + strlen(c->path) + strlen(" ");
	const char *rest = c->usage;
	size_t n = fits(rest, 80 - head);

	fprintf(out, "  %s%s%.*s\n", c->path, rest[0] ? " " : "", (int)n, rest);
	while (rest[n]) {
		rest += n + 1;
		n = fits(rest, 80 - strlen("      "));
		fprintf(out, "      %.*s\n", (int)n, rest);
	}
}

static void print_command(FILE *out, const struct tool_command *c)
{
	print_usage(out, c);
	fprintf(out, "      %s\n", c->about);
}

/* Whether path is that group of commands, or one of it. */
static bool is_in_group(const char *path, const char *group)
{
	size_t n = strlen(group);

	return n == 0 || (strncmp(path, group, n) == 0 &&
			  (path[n] == '\0' || path[n] == ' '));
}

/* The commands of a group; "" is all of them. False: there is none. */
static bool print_commands(FILE *out, const char *group)
{
	bool any = false;

	for (size_t i = 0; i < N_ELEMENTS(commands); i++) {
		if (!is_in_group(commands[i].path, group))
			continue;
		if (!any)
			fputs("usage: restante [-c FILE] COMMAND\n\n", out);
		print_command(out, &commands[i]);
		any = true;
	}
	return any;
}

static void print_tool_help(FILE *out)
{
	(void)print_commands(out, "");
	fprintf(out,
		"\nAn ID is that of a mailbox, mbx-…; its address is good, "
		"too, and its name where\n"
		"no other has it. A password is the first line of standard "
		"input, or is asked\n"
		"for; it is never an argument.\n"
		"  -c FILE    the configuration (default: %s)\n"
		"  --help     this, or that of one command behind it\n"
		"  --version\n"
		"Exit status: 0 done, 64 used or configured wrongly, 67 no "
		"such mailbox,\n"
		"69 in use, 75 try again later, 77 wrong password or no "
		"permission.\n"
		"restante(8) has it all.\n",
		conf_default_file());
}

static int print_tool_version(void)
{
	printf("restante (Restante) %s\n", PACKAGE_VERSION);
	return 0;
}

/* --- which command -------------------------------------------------------- */

/* The words of path that argv begins with; 0: not this command. */
static int match_path(const char *path, int argc, char **argv)
{
	int n = 0;

	while (*path) {
		size_t len = strcspn(path, " ");

		if (n == argc || strlen(argv[n]) != len ||
		    strncmp(argv[n], path, len) != 0)
			return 0;
		n++;
		path += len + (path[len] == ' ');
	}
	return n;
}

static const struct tool_command *find_command(int argc, char **argv,
					       int *n_words_r)
{
	for (size_t i = 0; i < N_ELEMENTS(commands); i++) {
		*n_words_r = match_path(commands[i].path, argc, argv);
		if (*n_words_r > 0)
			return &commands[i];
	}
	return NULL;
}

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

/* The words that may be the beginning of a command: "mailbox target". */
static void first_words(int argc, char **argv, char *group_r, size_t size)
{
	group_r[0] = '\0';
	for (int i = 0; i < argc && i < 2 && argv[i][0] != '-'; i++) {
		size_t n = strlen(group_r);

		snprintf(group_r + n, size - n, "%s%s", n ? " " : "", argv[i]);
	}
}

/* No command: help that was asked for, half a command, or none at all. */
static int no_command(int argc, char **argv)
{
	bool help = asks_for_help(argc, argv);
	FILE *out = help ? stdout : stderr;
	char group[64];

	first_words(argc, argv, group, sizeof(group));
	if (argc == 0 || (help && group[0] == '\0'))
		print_tool_help(out);
	else if (group[0] == '\0' || !print_commands(out, group))
		die_usage("%s: no such command; try restante --help",
			  group[0] ? group : argv[0]);
	return help ? 0 : err_exit_code(ERR_CONFIG);
}

/* --- running it ----------------------------------------------------------- */

/* The caller's file, read as the caller: root's keys are no owner's. */
static int read_identity(struct tool *t, const struct tool_args *a,
			 struct err *e)
{
	const char *file = tool_value(a, "identity");

	if (!file)
		file = tool_value(a, "recovery-identity");
	return file ? tool_read_identity(file, &t->identity, e) : 0;
}

static int prepare_command(struct tool *t, const struct tool_command *c,
			   const struct tool_args *a, struct err *e)
{
	if (read_identity(t, a, e) < 0 || create_open_files(t, a, e) < 0)
		return -1;
	if (c->needs & TOOL_NEEDS_CONF &&
	    !(t->conf = conf_read(t->conf_file, e)))
		return -1;
	if (c->needs & TOOL_NEEDS_STORE)
		return tool_open_store(t, c->needs, e);
	return 0;
}

static int run_command(struct tool *t, const struct tool_command *c, int argc,
		       char **argv)
{
	struct tool_args a;
	struct err e = {.kind = ERR_NONE};
	int status = -1;

	if (tool_args_parse(c, argc, argv, &a, &e) == 0) {
		status = prepare_command(t, c, &a, &e);
		if (status == 0)
			status = c->run(t, &a, &e);
		tool_args_release(&a);
	}
	if (fflush(stdout) != 0 && status == 0)
		status = err_sys(&e, "standard output");
	secret_release(&t->identity);
	store_free(&t->store);
	conf_free(&t->conf);
	if (status >= 0)
		return status;
	log_error("%s", e.text);
	return err_exit_code(e.kind);
}

/* What stands before the command. Returns how many of argv that is. */
static int take_global_options(int argc, char **argv, struct tool *t)
{
	int n = 1;

	while (n < argc && strcmp(argv[n], "-c") == 0) {
		if (n + 1 == argc)
			die_usage("-c needs the name of a file");
		t->conf_file = argv[n + 1];
		n += 2;
	}
	return n;
}

int main(int argc, char **argv)
{
	struct tool t = {
		.conf_file = conf_default_file(), .csv = -1, .passwords = -1};
	const struct tool_command *c;
	int at, n_words;

	log_open("restante", LOG_STYLE_PERSON);
	limit_process();
	tool_learn_caller(&t);
	at = take_global_options(argc, argv, &t);
	if (at < argc && strcmp(argv[at], "--version") == 0)
		return print_tool_version();
	c = find_command(argc - at, argv + at, &n_words);
	if (!c)
		return no_command(argc - at, argv + at);
	at += n_words;
	if (!asks_for_help(argc - at, argv + at))
		return run_command(&t, c, argc - at, argv + at);
	(void)print_commands(stdout, c->path);
	return 0;
}
