/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list. Judges nothing. */
#include "common/base.h"
#include "handlers/doctor/findings.h"

#include <stdarg.h>

#include "common/log.h"

enum { TEXT_MAX = 2048 };

void findings_add(struct findings *f, enum finding_weight weight,
		  const char *on, const char *act, const char *what, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, what);
	vsnprintf(text, sizeof(text), what, ap);
	va_end(ap);
	f->list = xgrow(f->list, f->n, sizeof(*f->list));
	f->list[f->n++] = (struct finding){
		.weight = weight,
		.row = f->row,
		.on = xstrdup(on),
		.what = xstrdup(text),
		.act = xstrdup(act ? act : ""),
	};
}

size_t findings_count(const struct findings *f, enum finding_weight weight)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->list[i].weight == weight;
	return n;
}

void findings_release(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->list[i].on);
		free(f->list[i].what);
		free(f->list[i].act);
	}
	free(f->list);
	*f = (struct findings){.n = 0};
}
