/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The style sheet, the script and the icon: so that a web server needs one
 * rule and no knowledge of them. Their address carries our version, and so
 * they may be kept.
 */
#include "common/base.h"
#include "handlers/console/pages/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "common/log.h"
#include "common/paths.h"
#include "common/read_all.h"
#include "handlers/console/parts/page.h"

static const struct {
	const char *path;
	const char *file;
	const char *type;
} assets[] = {
	{"/assets/console.css", "console.css", "text/css; charset=utf-8"},
	{"/assets/console.js", "console.js", "text/javascript; charset=utf-8"},
	{"/assets/icon.svg", "icon.svg", "image/svg+xml"},
};

static int read_into(const char *file, struct buf *out)
{
	char path[PATH_MAX];
	int fd, result;

	snprintf(path, sizeof(path), "%s/%s", CONSOLE_ASSETS, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		log_error("%s: %s", path, strerror(errno));
		return -1;
	}
	result = read_all(fd, out);
	close(fd);
	return result;
}

PAGE(asset)
{
	for (size_t i = 0; i < N_ELEMENTS(assets); i++) {
		if (strcmp(assets[i].path, c->request->path) != 0)
			continue;
		if (read_into(assets[i].file, &c->answer.html.out) < 0)
			break;
		c->answer.type = assets[i].type;
		c->answer.cache = "public, max-age=31536000, immutable";
		c->visitor.fresh = NULL; /* what is kept sets no cookie */
		return;
	}
	buf_reset(&c->answer.html.out);
	page_error(c, 404, _("Not found"), _("There is no such page."));
}
