/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a handler comes up. Reads not one octet of the peer's before the limits
 * of the process are set, and never explains itself to a peer.
 */
#include "common/base.h"
#include "handlers/session/program.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <unistd.h>

#include "common/limit_process.h"
#include "common/log.h"
#include "common/peer_proxy.h"
#include "handlers/session/summary.h"

struct arguments {
	const char *conf_file;
	enum tls_mode tls_mode;
};

NO_RETURN static void print_help(const char *name)
{
	printf("usage: %s [-c FILE] [--tls=implicit|starttls|none]\n"
	       "Serves the one connection that is fd 0 and 1; see %s(8).\n"
	       "  -c FILE     configuration (default: %s)\n"
	       "  --tls=MODE  TLS at once (implicit), when the client asks for "
	       "it\n"
	       "              (starttls, the default), or not at all: only "
	       "between\n"
	       "              handlers of ours, on a UNIX socket (none)\n"
	       "  --help, --version\n",
	       name, name, conf_default_file());
	exit(0);
}

NO_RETURN static void print_version(const char *name)
{
	printf("%s (Restante) %s\n", name, PACKAGE_VERSION);
	exit(0);
}

static enum tls_mode parse_tls_mode(const char *text)
{
	static const char *const names[] = {
		[TLS_MODE_IMPLICIT] = "implicit",
		[TLS_MODE_STARTTLS] = "starttls",
		[TLS_MODE_NONE] = "none",
	};

	for (size_t i = 0; i < N_ELEMENTS(names); i++)
		if (strcmp(text, names[i]) == 0)
			return (enum tls_mode)i;
	die_usage("--tls=%s: must be implicit, starttls or none", text);
}

/* getopt's own messages would go to fd 2, which may be the peer. */
static struct arguments read_arguments(const char *name, int argc, char **argv)
{
	enum { OPT_TLS = 256, OPT_HELP, OPT_VERSION };
	static const struct option options[] = {
		{"tls", required_argument, NULL, OPT_TLS},
		{"help", no_argument, NULL, OPT_HELP},
		{"version", no_argument, NULL, OPT_VERSION},
		{NULL, 0, NULL, 0},
	};
	struct arguments a = {.tls_mode = TLS_MODE_STARTTLS};
	int option, at;

	opterr = 0;
	while (at = optind,
	       (option = getopt_long(argc, argv, "+c:", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			a.conf_file = optarg;
			break;
		case OPT_TLS:
			a.tls_mode = parse_tls_mode(optarg);
			break;
		case OPT_HELP:
			print_help(name);
		case OPT_VERSION:
			print_version(name);
		default:
			die_usage("%s: not an option, or not with that value; "
				  "try --help",
				  argv[at]);
		}
	}
	if (optind < argc)
		die_usage("%s: no argument is expected here; try --help",
			  argv[optind]);
	return a;
}

static void require_socket(const char *name)
{
	struct stat st;

	if (fstat(STDIN_FILENO, &st) == 0 && S_ISSOCK(st.st_mode))
		return;
	die_usage("fd 0 is not a socket: %s is started by a systemd socket "
		  "unit (Accept=yes, StandardInput=socket) or by xinetd, once "
		  "for each connection, not from a shell",
		  name);
}

static struct conf *read_configuration(const char *file)
{
	struct err e;
	struct conf *conf = conf_read(file ? file : conf_default_file(), &e);

	if (!conf) {
		log_error("%s", e.text);
		exit(err_exit_code(e.kind));
	}
	return conf;
}

static void open_connection(struct program *p)
{
	p->conn = conn_new(STDIN_FILENO, STDOUT_FILENO);
	conn_set_session_limit(p->conn, p->conf->limits.session_max);
	conn_set_deadline(p->conn, p->conf->limits.command_timeout, 0);
	peer_of_socket(STDIN_FILENO, &p->peer);
}

/* The handler in front of us vouches for its client: it must be one of ours. */
static void meet_handler_in_front(struct program *p)
{
	struct err e;

	if (!peer_is_own_unix_socket(STDIN_FILENO))
		die_usage("--tls=none: refused, the connection is not a UNIX "
			  "socket whose other end runs as this user (peer %s)",
			  p->peer.text);
	if (peer_proxy_read(p->conn, &p->peer, &e) < 0)
		die_temp("%s", e.text);
}

static bool is_balancer(const struct program *p)
{
	const struct conf_networks *balancers = &p->conf->limits.proxy_from;

	for (size_t i = 0; i < balancers->n; i++)
		if (network_has(&balancers->list[i], &p->peer))
			return true;
	return false;
}

/* A balancer that looks whether we are there says nothing. */
static enum outcome outcome_without_header(const struct program *p,
					   enum conn_status status)
{
	if (status == CONN_TIMEOUT)
		return OUTCOME_TIMEOUT;
	if (status == CONN_EOF)
		return conn_octets_in(p->conn) ? OUTCOME_DROPPED : OUTCOME_IDLE;
	return OUTCOME_REFUSED;
}

/* Who comes through a balancer is no balancer: without a header, nobody. */
static void meet_balancer(struct program *p)
{
	enum conn_status status = peer_proxy_read_balancer(p->conn, &p->peer);
	struct summary summary;

	if (status == CONN_OK)
		return;
	summary_start(&summary, p->peer.text);
	summary_note(&summary, outcome_without_header(p, status),
		     "proxy-header");
	summary_log(&summary);
	program_end(p);
	exit(0);
}

void program_start(struct program *p, const char *name, int argc, char **argv)
{
	struct arguments a;

	log_open(name,
		 isatty(STDERR_FILENO) ? LOG_STYLE_PERSON : LOG_STYLE_SERVICE);
	a = read_arguments(name, argc, argv);
	require_socket(name);
	limit_process();
	*p = (struct program){.name = name, .tls_mode = a.tls_mode};
	p->conf = read_configuration(a.conf_file);
	open_connection(p);
}

void program_confine(struct program *p, enum sandbox_row row)
{
	struct err e;

	if (sandbox_enter(row, p->conf, &e) < 0)
		die_temp("%s", e.text);
	if (p->tls_mode == TLS_MODE_NONE)
		meet_handler_in_front(p);
	else if (is_balancer(p))
		meet_balancer(p);
}

void program_end(struct program *p)
{
	conn_bye(p->conn);
	conn_free(&p->conn);
	conf_free(&p->conf);
}
