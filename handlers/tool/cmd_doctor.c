/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is wrong with this host, on what, and what to do. Root looks at names,
 * owners and rights, and at files of root's own; then it becomes the user of
 * the sessions for good, and whatever others have written is read as that one.
 */
#include "common/base.h"
#include "handlers/tool/command.h"

#include <time.h>
#include <unistd.h>

#include "handlers/doctor/certificates.h"
#include "handlers/doctor/people.h"
#include "handlers/doctor/ports.h"
#include "handlers/doctor/rights.h"
#include "handlers/doctor/units.h"
#include "handlers/doctor/work.h"
#include "handlers/tool/cmd_status.h"
#include "handlers/tool/json.h"
#include "handlers/tool/store.h"
#include "handlers/tool/text.h"

struct doctor {
	struct tool *tool;
	bool mend;
	bool is_handlers; /* from then on */
	struct people people;
	struct findings found;
};

/* --- the rows ------------------------------------------------------------- */

static void show_progress(uint64_t done)
{
	tool_progress("name", done, 0);
}

static void look_at_rights(struct doctor *d)
{
	rights_check(d->tool->conf, &d->people, d->mend, show_progress,
		     &d->found);
	tool_progress_end();
}

/* Units are the system's; whoever has an instance of his own starts it so. */
static void look_at_units(struct doctor *d)
{
	if (!d->people.is_one)
		units_check(d->tool->conf, "", &d->found);
}

static void look_at_configuration(struct doctor *d)
{
	work_check_configuration(d->tool->conf->file, &d->found);
}

static void look_at_certificates(struct doctor *d)
{
	certificates_check(d->tool->conf, time(NULL), &d->found);
}

static void look_at_store(struct doctor *d)
{
	const struct conf *conf = d->tool->conf;
	struct err e;

	if (tool_open_store(d->tool, 0, &e) < 0)
		fault(&d->found, conf->store, "restante doctor --fix, as root",
		      "%s", e.text);
	else
		work_check_store(conf, d->tool->store, &d->found);
}

static void look_at_ports(struct doctor *d)
{
	ports_check(d->tool->conf, "", &d->found);
}

/* Disk, and what a person is needed for in each mailbox. */
static void look_at_mail(struct doctor *d)
{
	struct conf_strings needs = {.n = 0};

	if (!d->tool->store)
		return; /* told of already */
	tool_status_needs(d->tool, &needs);
	for (size_t i = 0; i < needs.n; i++)
		fault(&d->found, "", NULL, "%s", needs.list[i]);
	conf_strings_release(&needs);
}

static const struct row {
	const char *name;
	void (*look)(struct doctor *d);
	bool by_handlers; /* what others wrote is read, or sessions are tried */
} rows[] = {
	{"rights", look_at_rights, false},
	{"units", look_at_units, false},
	{"configuration", look_at_configuration, true},
	{"certificates", look_at_certificates, true},
	{"store", look_at_store, true},
	{"ports", look_at_ports, true},
	{"mail", look_at_mail, true},
};

/* --- telling -------------------------------------------------------------- */

static const struct {
	const char *mark, *word;
} weights[] = {
	[FINDING_REMARK] = {"-", "remark"},
	[FINDING_FAULT] = {"!", "fault"},
	[FINDING_MENDED] = {"+", "mended"},
};

static void tell(const struct finding *w)
{
	printf("%s %s: %s%s%s\n", weights[w->weight].mark, w->row, w->on,
	       w->on[0] ? " " : "", w->what);
	if (w->act[0])
		printf("    to do: %s\n", w->act);
}

static void tell_row(const char *name, const struct findings *f, size_t from)
{
	if (f->n == from)
		printf("  %s: good\n", name);
	for (size_t i = from; i < f->n; i++)
		tell(&f->list[i]);
	(void)fflush(stdout); /* the next row may take its time */
}

static void tell_sum(const struct findings *f)
{
	size_t faults = findings_count(f, FINDING_FAULT);
	size_t mended = findings_count(f, FINDING_MENDED);

	if (mended)
		printf("mended: %zu\n", mended);
	if (faults)
		printf("%zu thing%s to put right\n", faults,
		       faults == 1 ? "" : "s");
	else
		puts("all is well");
}

static void write_json(const struct findings *f)
{
	struct json j = {.depth = 0};

	json_object_begin(&j);
	json_list_begin(&j, "findings");
	for (size_t i = 0; i < f->n; i++) {
		json_object_begin(&j);
		json_text(&j, "row", f->list[i].row);
		json_text(&j, "weight", weights[f->list[i].weight].word);
		json_text(&j, "on", f->list[i].on);
		json_text(&j, "what", f->list[i].what);
		json_text(&j, "to-do", f->list[i].act);
		json_object_end(&j);
	}
	json_list_end(&j);
	json_bool(&j, "needs-a-person", findings_count(f, FINDING_FAULT) > 0);
	json_object_end(&j);
}

/* --- all of it ------------------------------------------------------------ */

/* Once, and for all rows that follow. */
static void become_handlers(struct doctor *d)
{
	if (d->is_handlers)
		return;
	d->is_handlers = true;
	if (!people_become_handlers(&d->people))
		remark(&d->found, "restante doctor", "run it as root",
		       "sees with the eyes of this user, not with those of "
		       "sessions");
}

static void look(struct doctor *d, const struct row *row, bool as_json)
{
	size_t from = d->found.n;

	d->found.row = row->name;
	if (row->by_handlers)
		become_handlers(d);
	row->look(d);
	if (!as_json)
		tell_row(row->name, &d->found, from);
}

TOOL_RUN(doctor)
{
	struct doctor d = {.tool = t,
			   .mend = tool_has(a, "fix"),
			   .found = {.row = "users"}};
	bool as_json = tool_has(a, "json");
	int result;

	if (people_find(t->conf, &d.people, &d.found, e) < 0)
		return -1;
	if (d.mend && geteuid() != 0 && !d.people.is_one)
		return err_set(
			e, ERR_PASSWORD,
			"--fix changes owners: run this command as root");
	if (!as_json)
		tell_row("users", &d.found, 0);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		look(&d, &rows[i], as_json);
	if (as_json)
		write_json(&d.found);
	else
		tell_sum(&d.found);
	result = findings_count(&d.found, FINDING_FAULT) ? TOOL_NEEDS_A_PERSON
							 : 0;
	findings_release(&d.found);
	return result;
}
