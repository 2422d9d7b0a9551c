/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The answer as CGI wants it (RFC 3875 6): headers, then the body, written
 * once, when all of it is known. Every answer carries the same protections.
 */
#include "common/base.h"
#include "handlers/console/web/answer.h"

#include <errno.h>
#include <unistd.h>

#include "common/log.h"
#include "common/read_all.h"
#include "handlers/console/web/request.h"

enum { HEADERS_MAX = 16 * 1024 };

/*
 * No inline script or style, nothing from elsewhere, in nobody's frame. What
 * is shown is kept by no cache and told to no other site.
 */
static const char protections[] =
	"Content-Security-Policy: default-src 'none'; script-src 'self'; "
	"style-src 'self'; img-src 'self'; connect-src 'self'; "
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n"
	"X-Frame-Options: DENY\r\n"
	"X-Content-Type-Options: nosniff\r\n"
	"Referrer-Policy: no-referrer\r\n"
	"Cross-Origin-Opener-Policy: same-origin\r\n"
	"Strict-Transport-Security: max-age=31536000\r\n";

void answer_init(struct answer *a, const struct request *request)
{
	*a = (struct answer){
		.request = request,
		.status = 200,
		.type = "text/html; charset=utf-8",
		.cache = "no-store",
	};
	buf_init(&a->headers, HEADERS_MAX);
	html_init(&a->html);
}

void answer_release(struct answer *a)
{
	buf_wipe(&a->headers); /* it holds a cookie */
	buf_release(&a->headers);
	html_release(&a->html);
}

void answer_header(struct answer *a, const char *name, const char *fmt, ...)
{
	size_t before = a->headers.len;
	va_list ap;
	bool fits;

	va_start(ap, fmt);
	fits = buf_addf(&a->headers, "%s: ", name) &&
	       buf_addv(&a->headers, fmt, ap);
	va_end(ap);
	if (!fits ||
	    memchr(a->headers.data + before, '\n', a->headers.len - before) ||
	    memchr(a->headers.data + before, '\r', a->headers.len - before) ||
	    !buf_adds(&a->headers, "\r\n"))
		die_bug("header %s: too long, or more than a line", name);
}

void answer_see_other(struct answer *a, const char *fmt, ...)
{
	char path[REQUEST_PATH_MAX + REQUEST_QUERY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	a->status = 303;
	answer_header(a, "Location", "%s%s", a->request->base, path);
}

static const char *reason_of(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{200, "OK"},
		{303, "See Other"},
		{400, "Bad Request"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{409, "Conflict"},
		{411, "Length Required"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{415, "Unsupported Media Type"},
		{422, "Unprocessable Content"},
		{429, "Too Many Requests"},
		{500, "Internal Server Error"},
		{503, "Service Unavailable"},
	};

	for (size_t i = 0; i < N_ELEMENTS(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	die_bug("no reason for status %d", status);
}

int answer_send(struct answer *a)
{
	bool body = a->request->method != METHOD_HEAD;
	struct buf head;
	int result = -1;

	if (a->html.full) {
		log_error("a page is longer than %d octets", HTML_MAX);
		a->status = 500;
		buf_wipe(&a->html.out);
	}
	buf_init(&head, 2 * HEADERS_MAX);
	if (buf_addf(&head,
		     "Status: %d %s\r\nContent-Type: %s\r\n"
		     "Content-Length: %zu\r\nCache-Control: %s\r\n%s",
		     a->status, reason_of(a->status), a->type, a->html.out.len,
		     a->cache, protections) &&
	    buf_add(&head, a->headers.data, a->headers.len) &&
	    buf_adds(&head, "\r\n"))
		result = write_all(STDOUT_FILENO, head.data, head.len);
	if (result == 0 && body)
		result = write_all(STDOUT_FILENO, a->html.out.data,
				   a->html.out.len);
	buf_wipe(&head);
	buf_release(&head);
	return result;
}
