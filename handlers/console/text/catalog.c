/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading a message catalog: GNU gettext manual, "The Format of GNU MO Files".
 * Its numbers are 32 bits, little-endian as msgfmt writes them by default.
 */
#include "common/base.h"
#include "handlers/console/text/catalog.h"

#include <fcntl.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/num.h"
#include "common/read_all.h"

static const uint32_t magic = 0x950412deU;

enum {
	AT_REVISION = 4,
	AT_NUMBER = 8,
	AT_ORIGINALS = 12,
	AT_TRANSLATIONS = 16,
	HEADER_SIZE = 28,
	ROW_SIZE = 8, /* the length of a text, and where it stands */
	LARGEST = 1 << 20
};

struct text {
	const char *data; /* ends in a NUL */
	size_t len;
};

struct catalog {
	struct buf file;
	uint32_t n;
	uint32_t originals; /* where that table stands, sorted by strcmp() */
	uint32_t translations;
};

static struct catalog in_use;

static uint32_t number_at(const struct catalog *c, size_t at)
{
	return num_load32((const uint8_t *)c->file.data + at);
}

static struct text text_in(const struct catalog *c, uint32_t table, uint32_t i)
{
	size_t row = table + (size_t)i * ROW_SIZE;

	return (struct text){
		.data = c->file.data + number_at(c, row + 4),
		.len = number_at(c, row),
	};
}

/* --- taking it into use --------------------------------------------------- */

static bool table_is_whole(const struct catalog *c, uint32_t table)
{
	size_t size = c->file.len;

	if (table > size || c->n > (size - table) / ROW_SIZE)
		return false;
	for (uint32_t i = 0; i < c->n; i++) {
		size_t row = table + (size_t)i * ROW_SIZE;
		size_t len = number_at(c, row), at = number_at(c, row + 4);

		if (at >= size || len >= size - at ||
		    c->file.data[at + len] != '\0')
			return false;
	}
	return true;
}

static bool is_whole(struct catalog *c)
{
	if (c->file.len < HEADER_SIZE || number_at(c, 0) != magic ||
	    number_at(c, AT_REVISION) != 0)
		return false;
	c->n = number_at(c, AT_NUMBER);
	c->originals = number_at(c, AT_ORIGINALS);
	c->translations = number_at(c, AT_TRANSLATIONS);
	return table_is_whole(c, c->originals) &&
	       table_is_whole(c, c->translations);
}

bool catalog_use(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	bool good;

	catalog_release();
	if (fd < 0)
		return false;
	buf_init(&in_use.file, LARGEST);
	good = read_all(fd, &in_use.file) == 0 && is_whole(&in_use);
	close(fd);
	if (!good)
		catalog_release();
	return good;
}

void catalog_release(void)
{
	buf_release(&in_use.file);
	in_use = (struct catalog){.n = 0};
}

/* --- looking up ----------------------------------------------------------- */

/* A text with a plural stands there as both, and is found by the first. */
static struct text find_text(const struct catalog *c, const char *original)
{
	uint32_t low = 0, high = c->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order =
			strcmp(original, text_in(c, c->originals, middle).data);

		if (order == 0)
			return text_in(c, c->translations, middle);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return (struct text){.data = NULL};
}

const char *catalog_text(const char *text)
{
	struct text found = find_text(&in_use, text);

	return found.data ? found.data : text;
}

const char *catalog_plural(const char *one, const char *more, unsigned long n)
{
	struct text found = find_text(&in_use, one);
	size_t first;

	if (!found.data)
		return n == 1 ? one : more;
	first = strlen(found.data);
	return n == 1 || first >= found.len ? found.data
					    : found.data + first + 1;
}
