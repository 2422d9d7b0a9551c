/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A request to the console: query, cookies and languages, a line each, then
 * the body of a form; its fields checked by rules and written into a page.
 */
#include "common/base.h"

#include <unistd.h>

#include "handlers/console/parts/form.h"
#include "handlers/console/text/language.h"
#include "handlers/console/web/html.h"
#include "handlers/console/web/request.h"
#include "tests/fuzz/fuzz.h"

static const struct choice choices[] = {{"a", "A"}, {"b", "B"}, {NULL, NULL}};

static const struct field_rule rules[] = {
	{.name = "name", .kind = FIELD_LINE, .max = 20, .required = true},
	{.name = "lines", .kind = FIELD_LINES, .max = 200},
	{.name = "secret", .kind = FIELD_SECRET, .max = 50},
	{.name = "choice", .kind = FIELD_CHOICE, .choices = choices},
	{.name = "check", .kind = FIELD_CHECK},
};

/* Takes a line off the input into the environment. */
static void take_line(const char *name, const uint8_t **bytes, size_t *n)
{
	const uint8_t *end = memchr(*bytes, '\n', *n);
	size_t taken = end ? (size_t)(end - *bytes) : *n;
	char *text = fuzz_text(*bytes, taken);

	fuzz_require(setenv(name, text, 1) == 0);
	free(text);
	*bytes += taken + (end != NULL);
	*n -= taken + (end != NULL);
}

/* fd 0 is the body, as the web server hands it over. */
static void give_body(const uint8_t *bytes, size_t n)
{
	int fd = fuzz_file(bytes, n);
	char length[24];

	snprintf(length, sizeof(length), "%zu", n);
	fuzz_require(dup2(fd, STDIN_FILENO) == STDIN_FILENO);
	close(fd);
	setenv("CONTENT_LENGTH", length, 1);
	setenv("CONTENT_TYPE", "application/x-www-form-urlencoded", 1);
	setenv("REQUEST_METHOD", n ? "POST" : "GET", 1);
	setenv("PATH_INFO", "/x", 1);
}

/* No value of a stranger's ends a tag, an attribute or a reference. */
static void require_escaped(const char *value)
{
	struct html h;

	html_init(&h);
	html_add(&h, "%s", value);
	fuzz_require(h.full || !strpbrk(h.out.data, "<>\"'"));
	html_release(&h);
}

static void read_form(const struct request *r)
{
	static struct form form;

	form_read(&form, rules, N_ELEMENTS(rules), &r->form);
	if (form.good)
		fuzz_require(*form_value(&form, "name") &&
			     strlen(form_value(&form, "name")) <= 20);
	require_escaped(form_value(&form, "name"));
	require_escaped(form_value(&form, "lines"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct request r;
	char cookie[64] = "";

	take_line("QUERY_STRING", &bytes, &n);
	take_line("HTTP_COOKIE", &bytes, &n);
	take_line("HTTP_ACCEPT_LANGUAGE", &bytes, &n);
	give_body(bytes, n);
	if (request_read(&r) == 0) {
		if (request_cookie(&r, "session", cookie, sizeof(cookie)))
			fuzz_require(strlen(cookie) < sizeof(cookie));
		(void)language_accepted(r.languages);
		require_escaped(urlencoded_value(&r.query, "q"));
		read_form(&r);
	}
	request_release(&r);
	return 0;
}
