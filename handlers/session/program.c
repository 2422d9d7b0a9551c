/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a handler comes up. Reads not one octet of the peer's before the limits
 * of the process are set, and never explains itself to a peer.
 */
#include "common/base.h"
#include "handlers/session/program.h"

#include <sys/auxv.h>
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
#include "common/tls.h"
#include "handlers/session/acceptor.h"
#include "handlers/session/summary.h"

struct arguments {
	const char *conf_file;
	const char *listen; /* NULL: what we were started with */
	enum tls_mode tls_mode;
};

static const char *const tls_mode_names[] = {
	[TLS_MODE_IMPLICIT] = "implicit",
	[TLS_MODE_STARTTLS] = "starttls",
	[TLS_MODE_NONE] = "none",
};

NO_RETURN static void print_help(const char *name)
{
	printf("usage: %s [-c FILE] [--listen ADDR:PORT] "
	       "[--tls=implicit|starttls|none]\n"
	       "Serves the one connection that is fd 0 and 1, or all that come "
	       "to a\nlistening socket; see %s(8).\n"
	       "  -c FILE     configuration (default: %s)\n"
	       "  --listen ADDR:PORT  takes connections there\n"
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
	for (size_t i = 0; i < N_ELEMENTS(tls_mode_names); i++)
		if (strcmp(text, tls_mode_names[i]) == 0)
			return (enum tls_mode)i;
	die_usage("--tls=%s: must be implicit, starttls or none", text);
}

/* getopt's own messages would go to fd 2, which may be the peer. */
static struct arguments read_arguments(const char *name, int argc, char **argv)
{
	enum { OPT_TLS = 256, OPT_LISTEN, OPT_HELP, OPT_VERSION };
	static const struct option options[] = {
		{"listen", required_argument, NULL, OPT_LISTEN},
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
		case OPT_LISTEN:
			a.listen = optarg;
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
		  "unit or by xinetd, with a connection or with the listening "
		  "socket; from a shell only with --listen",
		  name);
}

/* --- as an acceptor ------------------------------------------------------- */

/*
 * What the children have ready; each could read it itself, and tells the log
 * then what is wrong with it.
 */
static struct tls *prepare_tls(const struct program *p)
{
	struct err e;

	if (p->tls_mode == TLS_MODE_NONE)
		return NULL;
	return tls_server_new(&p->conf->tls, &e);
}

static const struct conf_acceptor *acceptor_limits(const struct program *p)
{
	return (const void *)((const char *)p->conf + p->kind->acceptor);
}

static const struct reply *full_house_reply(const struct program *p)
{
	return p->tls_mode == TLS_MODE_STARTTLS ? p->kind->full_house : NULL;
}

static char *tls_argument(enum tls_mode mode)
{
	char text[32];

	snprintf(text, sizeof(text), "--tls=%s", tls_mode_names[mode]);
	return xstrdup(text);
}

/* Returns in a child; its TLS session is ready, or NULL. */
static struct tls *accept_connections(struct program *p,
				      const struct listeners *l, char **argv)
{
	char *tls_mode = tls_argument(p->tls_mode);
	char *const session_args[] = {argv[0], (char *)"-c", p->conf->file,
				      tls_mode, NULL};
	struct acceptor_task task = {
		.conf = p->conf,
		.limits = acceptor_limits(p),
		.listeners = l,
		.full_house = full_house_reply(p),
		.program = (const char *)getauxval(AT_EXECFN),
		.session_args = session_args,
		.own_args = argv,
	};
	struct tls *tls = NULL;
	struct err e;

	if (task.limits->fork) {
		tls = prepare_tls(p);
		if (sandbox_prepare(&p->sandbox, p->kind->row, p->conf,
				    tls != NULL, &e) < 0) {
			listeners_turn_away(l);
			die_temp("%s", e.text);
		}
	}
	task.tls = tls;
	acceptor_run(&task);
	free(tls_mode);
	p->prepared = true;
	return tls;
}

/* --- starting ------------------------------------------------------------- */

static struct conf *read_configuration(const char *file,
				       const struct listeners *l)
{
	struct err e;
	struct conf *conf = conf_read(file ? file : conf_default_file(), &e);

	if (!conf) {
		log_error("%s", e.text);
		listeners_turn_away(l);
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

static void find_listeners(struct listeners *l_r, const char *address)
{
	struct err e;

	if (listeners_find(l_r, address, &e) == 0)
		return;
	log_error("%s", e.text);
	exit(err_exit_code(e.kind));
}

void program_start(struct program *p, const struct program_kind *kind, int argc,
		   char **argv)
{
	struct listeners listeners;
	struct tls *tls = NULL;
	struct arguments a;

	log_open(kind->name,
		 isatty(STDERR_FILENO) ? LOG_STYLE_PERSON : LOG_STYLE_SERVICE);
	a = read_arguments(kind->name, argc, argv);
	find_listeners(&listeners, a.listen);
	if (listeners.n == 0)
		require_socket(kind->name);
	limit_process();
	*p = (struct program){
		.kind = kind, .name = kind->name, .tls_mode = a.tls_mode};
	p->conf = read_configuration(a.conf_file, &listeners);
	if (listeners.n)
		tls = accept_connections(p, &listeners, argv);
	open_connection(p);
	conn_prepare_tls(p->conn, tls);
}

static int enter_sandbox(struct program *p, struct err *e)
{
	if (p->prepared)
		return sandbox_enter_prepared(&p->sandbox, e);
	return sandbox_enter(p->kind->row, p->conf, e);
}

void program_confine(struct program *p)
{
	struct err e;

	if (enter_sandbox(p, &e) < 0)
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
