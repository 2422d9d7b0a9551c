/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * console.cgi: answers the one request that its environment and fd 0 are
 * (RFC 3875), and ends. Sets up and nothing else.
 */
#include "common/base.h"

#include <sys/prctl.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>

#include "common/limit_process.h"
#include "common/log.h"
#include "handlers/console/context.h"
#include "handlers/console/router.h"

/* Nor does the program that it calls get any. */
static void forgo_privileges(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		die_temp("no new privileges: %s", strerror(errno));
}

/* Without a configuration there is no language and no page. */
static int answer_unconfigured(const struct err *e)
{
	log_error("%s", e->text);
	puts("Status: 500 Internal Server Error\r\n"
	     "Content-Type: text/plain; charset=utf-8\r\n"
	     "Cache-Control: no-store\r\n\r\n"
	     "Restante: the configuration cannot be read; the web server's "
	     "error log says why.\r");
	return 0;
}

static int open_state(const struct conf *conf)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s", conf->console.admins);
	fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		log_error("console's directory of %s: %s", conf->console.admins,
			  strerror(errno));
	return fd;
}

/* What the reader chose, what the browser asks for, what is configured. */
static const struct language *choose_language(const struct console *c)
{
	const struct language *l = NULL;
	char code[8];

	if (request_cookie(c->request, LANGUAGE_COOKIE, code, sizeof(code)))
		l = language_find(code);
	if (!l)
		l = language_accepted(c->request->languages);
	if (!l)
		l = language_find(c->conf->language);
	return l ? l : language_find("en");
}

static void serve_request(struct console *c, struct request *request)
{
	int status = request_read(request);

	c->request = request;
	c->language = choose_language(c);
	language_use(c->language);
	answer_init(&c->answer, request);
	router_answer(c, status);
	if (answer_send(&c->answer) < 0)
		log_info("the answer was not taken: %s", strerror(errno));
	answer_release(&c->answer);
	explicit_bzero(&c->visitor, sizeof(c->visitor));
	request_release(request);
}

static const char *configuration_file(void)
{
	const char *file = getenv("RESTANTE_CONF");

	return file && *file ? file : conf_default_file();
}

static int print_cgi_help(void)
{
	printf("usage: console.cgi\n"
	       "A CGI program: a web server starts it for every request; see "
	       "console.cgi(8).\n"
	       "The variable RESTANTE_CONF names the configuration (default: "
	       "%s).\n",
	       conf_default_file());
	return 0;
}

static int print_cgi_version(void)
{
	puts("console.cgi (Restante) " PACKAGE_VERSION);
	return 0;
}

int main(int argc, char **argv)
{
	struct console c = {.conf_file = configuration_file(),
			    .now = time(NULL)};
	struct request request;
	struct conf *conf;
	struct err e;

	log_open("console.cgi", LOG_STYLE_SERVICE);
	/* A query without "=" comes as arguments, too (RFC 3875 4.4). */
	if (!getenv("REQUEST_METHOD"))
		return argc > 1 && strcmp(argv[1], "--version") == 0
			       ? print_cgi_version()
			       : print_cgi_help();
	limit_process();
	forgo_privileges();
	conf = conf_read(c.conf_file, &e);
	if (!conf)
		return answer_unconfigured(&e);
	c.conf = conf;
	c.store = store_open(conf->store, &c.store_error);
	if (c.store)
		store_set_ledger(c.store, conf->ledger.path);
	c.state = open_state(conf);
	serve_request(&c, &request);
	if (c.state >= 0)
		close(c.state);
	store_free(&c.store);
	conf_free(&conf);
	return 0;
}
