/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The environment of a CGI program, and its body from fd 0. */
#include "common/base.h"
#include "handlers/console/web/request.h"

#include <strings.h>
#include <unistd.h>

#include "common/num.h"
#include "common/read_all.h"

enum { DISCARDED_MAX = 1024 * 1024 };

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static enum method read_method(void)
{
	static const char *const names[] = {
		[METHOD_GET] = "GET",
		[METHOD_HEAD] = "HEAD",
		[METHOD_POST] = "POST",
	};
	const char *name = environment("REQUEST_METHOD");

	for (size_t i = METHOD_GET; i < N_ELEMENTS(names); i++)
		if (strcmp(names[i], name) == 0)
			return (enum method)i;
	return METHOD_OTHER;
}

/* What the web servers we know say where the connection is under TLS. */
static bool is_over_tls(void)
{
	const char *https = environment("HTTPS");

	return strcasecmp(https, "on") == 0 || strcmp(https, "1") == 0 ||
	       strcmp(environment("REQUEST_SCHEME"), "https") == 0;
}

static int read_query(struct request *r)
{
	const char *text = environment("QUERY_STRING");
	size_t n = strlen(text);

	if (n > REQUEST_QUERY_MAX)
		return 414;
	memcpy(r->query_text, text, n + 1);
	return urlencoded_parse(r->query_text, n, &r->query) ? 0 : 400;
}

static int read_octets(uint8_t *out, size_t n)
{
	return read_up_to(STDIN_FILENO, out, n) == (ssize_t)n ? 0 : 400;
}

static bool is_form(const char *type)
{
	static const char form[] = "application/x-www-form-urlencoded";
	size_t n = strcspn(type, "; ");

	return n == sizeof(form) - 1 && strncasecmp(type, form, n) == 0;
}

/* Whether there is a form of ours, of *n_r octets, to be read. */
static int check_body(uint64_t *n_r)
{
	const char *length = environment("CONTENT_LENGTH");

	if (!*length)
		return 411;
	if (!num_parse(length, strlen(length), UINT64_MAX, n_r))
		return 400;
	if (*n_r > REQUEST_BODY_MAX)
		return 413;
	return is_form(environment("CONTENT_TYPE")) ? 0 : 415;
}

static int take_form(struct request *r, size_t n)
{
	int status;

	secret_init(&r->body, n + 1);
	status = read_octets(r->body.bytes, n);
	if (status)
		return status;
	return urlencoded_parse((char *)r->body.bytes, n, &r->form) ? 0 : 400;
}

/*
 * A body that nobody wants is read all the same, as far as it is not absurd: a
 * server that cannot hand it on may not listen for the answer either.
 */
static void discard_body(void)
{
	const char *length = environment("CONTENT_LENGTH");
	uint8_t block[4096];
	uint64_t left;

	if (!num_parse(length, strlen(length), DISCARDED_MAX, &left))
		return;
	while (left > 0) {
		size_t n = left < sizeof(block) ? (size_t)left : sizeof(block);

		if (read_octets(block, n) != 0)
			return;
		left -= n;
	}
}

static int read_address(struct request *r)
{
	if (*r->path != '/')
		return 400;
	if (strlen(r->path) > REQUEST_PATH_MAX)
		return 414;
	return read_query(r);
}

int request_read(struct request *r)
{
	uint64_t n = 0;
	int status;

	memset(r, 0, sizeof(*r));
	r->method = read_method();
	r->base = environment("SCRIPT_NAME");
	r->path = environment("PATH_INFO");
	if (!*r->path)
		r->path = "/";
	r->peer = environment("REMOTE_ADDR");
	r->user = environment("REMOTE_USER");
	r->cookies = environment("HTTP_COOKIE");
	r->languages = environment("HTTP_ACCEPT_LANGUAGE");
	r->over_tls = is_over_tls();
	r->refresh = *environment("HTTP_X_RESTANTE_REFRESH") != '\0';
	status = read_address(r);
	if (status == 0 && r->method == METHOD_POST) {
		status = check_body(&n);
		if (status == 0)
			return take_form(r, (size_t)n);
	}
	discard_body();
	return status;
}

void request_release(struct request *r)
{
	secret_release(&r->body);
	r->form.n = 0;
}

bool request_cookie(const struct request *r, const char *name, char *value_r,
		    size_t size)
{
	size_t n_name = strlen(name);
	const char *at = r->cookies;

	while (*at) {
		size_t n;

		at += strspn(at, "; ");
		n = strcspn(at, ";");
		if (n > n_name && strncmp(at, name, n_name) == 0 &&
		    at[n_name] == '=') {
			n -= n_name + 1;
			if (n >= size)
				return false;
			memcpy(value_r, at + n_name + 1, n);
			value_r[n] = '\0';
			return true;
		}
		at += n;
	}
	return false;
}
