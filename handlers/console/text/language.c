/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Choosing a language, and writing numbers in it. */
#include "common/base.h"
#include "handlers/console/text/language.h"

#include <limits.h>
#include <time.h>

#include "common/num.h"
#include "handlers/console/text/catalog.h"

static const struct language all[] = {
	{"en", "English", ".", ",", DATE_IN_WORDS},
	{"de", "Deutsch", ",", ".", DATE_WITH_DOTS},
	{"it", "Italiano", ",", ".", DATE_WITH_SLASHES},
};

const struct language *languages(size_t *n_r)
{
	*n_r = N_ELEMENTS(all);
	return all;
}

static const struct language *find(const char *code, size_t n)
{
	for (size_t i = 0; i < N_ELEMENTS(all); i++)
		if (strlen(all[i].code) == n &&
		    strncmp(all[i].code, code, n) == 0)
			return &all[i];
	return NULL;
}

const struct language *language_find(const char *code)
{
	return find(code, strlen(code));
}

/* ";q=0.8" as thousandths; 1000 where nothing is said. */
static unsigned weight_of(const char *range, size_t n)
{
	const char *q = memchr(range, ';', n);
	unsigned weight = 0, unit = 1000;

	if (!q)
		return 1000;
	q += strspn(q, "; ");
	if (q[0] != 'q' || q[1] != '=')
		return 1000;
	for (q += 2; q < range + n && unit; q++) {
		if (*q == '.')
			continue;
		if (*q < '0' || *q > '9')
			break;
		weight += (unsigned)(*q - '0') * unit;
		unit /= 10;
	}
	return weight;
}

const struct language *language_accepted(const char *header)
{
	const struct language *best = NULL;
	unsigned best_weight = 0;

	while (*header) {
		const struct language *l;
		size_t n;

		header += strspn(header, ", \t");
		n = strcspn(header, ",");
		l = find(header, strcspn(header, "-;, \t"));
		if (l && weight_of(header, n) > best_weight) {
			best = l;
			best_weight = weight_of(header, n);
		}
		header += n;
	}
	return best;
}

void language_use(const struct language *l)
{
	char file[PATH_MAX];

	snprintf(file, sizeof(file), LOCALEDIR "/%s/LC_MESSAGES/restante.mo",
		 l->code);
	(void)catalog_use(file); /* without one, texts are English */
}

/* --- numbers -------------------------------------------------------------- */

const char *text_number(const struct language *l, uint64_t n,
			char out[TEXT_SIZE])
{
	char digits[24];
	size_t len =
		(size_t)snprintf(digits, sizeof(digits), "%ju", (uintmax_t)n);
	char *next = out;

	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*next++ = l->thousands[0];
		*next++ = digits[i];
	}
	*next = '\0';
	return out;
}

const char *text_octets(const struct language *l, uint64_t octets,
			char out[TEXT_SIZE])
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
	uint64_t tenths = octets / 1024 * 10 + octets % 1024 * 10 / 1024;
	size_t i = 0;

	if (octets < 1024) {
		snprintf(out, TEXT_SIZE, "%u B", (unsigned)octets);
		return out;
	}
	for (; tenths >= 9995 && i + 1 < N_ELEMENTS(units); i++)
		tenths = (tenths + 512) / 1024;
	if (tenths < 100)
		snprintf(out, TEXT_SIZE, "%u%s%u %s", (unsigned)(tenths / 10),
			 l->decimal, (unsigned)(tenths % 10), units[i]);
	else
		snprintf(out, TEXT_SIZE, "%ju %s", (uintmax_t)(tenths + 5) / 10,
			 units[i]);
	return out;
}

/* --- times ---------------------------------------------------------------- */

/* Months have names in the C locale's language alone, which is English. */
static size_t write_date(const struct language *l, const struct tm *tm,
			 char out[TEXT_SIZE])
{
	switch (l->date) {
	case DATE_WITH_DOTS:
		return strftime(out, TEXT_SIZE, "%d.%m.%Y", tm);
	case DATE_WITH_SLASHES:
		return strftime(out, TEXT_SIZE, "%d/%m/%Y", tm);
	case DATE_IN_WORDS:
		break;
	}
	return strftime(out, TEXT_SIZE, "%e %b %Y", tm);
}

static const char *write_when(const struct language *l, int64_t when,
			      bool with_time, char out[TEXT_SIZE])
{
	time_t t = (time_t)when;
	struct tm tm;
	size_t n;

	if (when <= 0) {
		snprintf(out, TEXT_SIZE, "%s", _("never"));
		return out;
	}
	if (!localtime_r(&t, &tm)) {
		out[0] = '\0';
		return out;
	}
	n = write_date(l, &tm, out);
	if (with_time)
		strftime(out + n, TEXT_SIZE - n, " %H:%M", &tm);
	return out + (out[0] == ' ');
}

const char *text_time(const struct language *l, int64_t when,
		      char out[TEXT_SIZE])
{
	return write_when(l, when, true, out);
}

const char *text_date(const struct language *l, int64_t when,
		      char out[TEXT_SIZE])
{
	return write_when(l, when, false, out);
}

const char *text_span(int64_t seconds, char out[TEXT_SIZE])
{
	unsigned long minutes = (unsigned long)(seconds > 0 ? seconds : 0) / 60;
	unsigned long hours = minutes / 60, days = hours / 24;

	if (days)
		snprintf(out, TEXT_SIZE,
			 catalog_plural("%lu day", "%lu days", days), days);
	else if (hours)
		snprintf(out, TEXT_SIZE,
			 catalog_plural("%lu hour", "%lu hours", hours), hours);
	else
		snprintf(out, TEXT_SIZE,
			 catalog_plural("%lu minute", "%lu minutes", minutes),
			 minutes);
	return out;
}
