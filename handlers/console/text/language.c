/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Choosing a language, and writing numbers in it. */
#include "common/base.h"
#include "handlers/console/text/language.h"

#include <limits.h>
#include <time.h>

#include "common/num.h"
#include "common/paths.h"
#include "common/text_size.h"
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

static const struct language *find_language(const char *code, size_t n)
{
	for (size_t i = 0; i < N_ELEMENTS(all); i++)
		if (strlen(all[i].code) == n &&
		    strncmp(all[i].code, code, n) == 0)
			return &all[i];
	return NULL;
}

const struct language *language_find(const char *code)
{
	return find_language(code, strlen(code));
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
		l = find_language(header, strcspn(header, "-;, \t"));
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
	return text_size(octets, l->decimal[0], out);
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

const char *text_day(const struct language *l, int64_t day, char out[TEXT_SIZE])
{
	time_t t = (time_t)day * 24 * 3600;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !write_date(l, &tm, out))
		out[0] = '\0';
	return out + (out[0] == ' ');
}

const char *text_span(int64_t seconds, char out[TEXT_SIZE])
{
	const struct text_span s = text_span_of(seconds);

	switch (s.unit) {
	case SPAN_DAYS:
		snprintf(out, TEXT_SIZE,
			 catalog_plural("%lu day", "%lu days", s.n), s.n);
		break;
	case SPAN_HOURS:
		snprintf(out, TEXT_SIZE,
			 catalog_plural("%lu hour", "%lu hours", s.n), s.n);
		break;
	case SPAN_MINUTES:
		snprintf(out, TEXT_SIZE,
			 catalog_plural("%lu minute", "%lu minutes", s.n), s.n);
		break;
	}
	return out;
}
