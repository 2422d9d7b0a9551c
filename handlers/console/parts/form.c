/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading, checking and showing the fields of a form. */
#include "common/base.h"
#include "handlers/console/parts/form.h"

#include "common/log.h"
#include "common/utf8.h"
#include "handlers/console/parts/page.h"

enum { LINE_MAX_OCTETS = 1024 };

/* --- reading -------------------------------------------------------------- */

void form_init(struct form *f, const struct field_rule *rules, size_t n)
{
	memset(f, 0, sizeof(*f));
	if (n > FORM_FIELDS)
		die_bug("a form of %zu fields", n);
	for (size_t i = 0; i < n; i++)
		f->fields[i] = (struct field){.rule = &rules[i], .value = ""};
	f->n = n;
	f->good = true;
}

static struct field *find_field(const struct form *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->fields[i].rule->name, name) == 0)
			return (struct field *)(uintptr_t)&f->fields[i];
	die_bug("no field %s", name);
}

void form_refuse(struct form *f, const char *name, const char *fmt, ...)
{
	struct field *field = find_field(f, name);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(field->error, sizeof(field->error), fmt, ap);
	va_end(ap);
	f->good = false;
}

void form_refuse_all(struct form *f, const char *text)
{
	snprintf(f->error, sizeof(f->error), "%s", text);
	f->good = false;
}

void form_refuse_for_now(struct console *c, struct form *f, unsigned seconds)
{
	char text[FORM_ERROR];

	snprintf(text, sizeof(text),
		 catalog_plural(
			 "Too many wrong passwords: please wait %u second.",
			 "Too many wrong passwords: please wait %u seconds.",
			 seconds),
		 seconds);
	form_refuse_all(f, text);
	answer_header(&c->answer, "Retry-After", "%u", seconds);
	c->answer.status = 429;
}

static bool is_line_end(uint8_t c)
{
	return c == '\r' || c == '\n';
}

static bool is_plain_text(const struct urlencoded_pair *p, bool lines)
{
	const uint8_t *s = (const uint8_t *)p->value;

	for (size_t i = 0, n; i < p->len; i += n) {
		n = utf8_length(s + i, p->len - i);
		if (n == 0)
			return false;
		if (utf8_is_control(s + i, n) &&
		    !(lines && (is_line_end(s[i]) || s[i] == '\t')))
			return false;
	}
	return true;
}

static bool is_choice(const struct field_rule *r, const char *value)
{
	for (const struct choice *c = r->choices; c->value; c++)
		if (strcmp(c->value, value) == 0)
			return true;
	return false;
}

static bool is_blank(const char *value)
{
	return value[strspn(value, " \t\r\n")] == '\0';
}

static void check_field(struct form *f, const struct field_rule *r,
			const struct urlencoded_pair *p)
{
	if (p->len > r->max)
		form_refuse(f, r->name, _("This is longer than %zu bytes."),
			    r->max);
	else if (r->kind == FIELD_SECRET
			 ? strlen(p->value) != p->len
			 : !is_plain_text(p, r->kind == FIELD_LINES))
		form_refuse(f, r->name, "%s",
			    _("There is a character in it that cannot be "
			      "used here."));
	else if (r->kind == FIELD_CHOICE && !is_choice(r, p->value))
		form_refuse(f, r->name, "%s", _("Choose one of the list."));
	else if (r->required && is_blank(p->value))
		form_refuse(f, r->name, "%s",
			    r->kind == FIELD_CHECK
				    ? _("Tick this box to go on.")
				    : _("This must be filled in."));
}

void form_read(struct form *f, const struct field_rule *rules, size_t n,
	       const struct urlencoded *pairs)
{
	static const struct urlencoded_pair nothing = {"", "", 0};

	form_init(f, rules, n);
	for (size_t i = 0; i < n; i++) {
		const struct urlencoded_pair *p =
			urlencoded_find(pairs, rules[i].name);

		f->fields[i].value = p ? p->value : "";
		check_field(f, &rules[i], p ? p : &nothing);
	}
}

const char *form_value(const struct form *f, const char *name)
{
	return find_field(f, name)->value;
}

bool form_ticked(const struct form *f, const char *name)
{
	return *form_value(f, name) != '\0';
}

void form_set(struct form *f, const char *name, const char *value)
{
	find_field(f, name)->value = value;
}

int form_each_line(const char *value,
		   int (*each)(const char *line, void *arg, struct err *e),
		   void *arg, struct err *e)
{
	char line[LINE_MAX_OCTETS];

	while (*value) {
		size_t n = strcspn(value, "\r\n"), from, to = n;

		from = strspn(value, " \t");
		while (to > from && strchr(" \t", value[to - 1]))
			to--;
		snprintf(line, sizeof(line), "%.*s",
			 (int)(to > from ? to - from : 0), value + from);
		if (*line && each(line, arg, e) < 0)
			return -1;
		value += n;
		value += strspn(value, "\r\n");
	}
	return 0;
}

/* --- showing -------------------------------------------------------------- */

/* A form that came back begins where it is wrong. */
static bool is_first_wrong(const struct form *f, const struct field *field)
{
	for (size_t i = 0; i < f->n; i++)
		if (*f->fields[i].error)
			return &f->fields[i] == field;
	return false;
}

/* Attributes that every control has; what describes it is named by its id. */
static void write_attributes(struct console *c, const struct form *f,
			     const struct field *field)
{
	const struct field_rule *r = field->rule;

	say(c, " id=\"%s\" name=\"%s\"", r->name, r->name);
	if (r->required)
		say(c, " required");
	if (*field->error)
		say(c, " aria-invalid=\"true\"%s",
		    html_flag(is_first_wrong(f, field), " autofocus"));
	if (*field->error || r->hint)
		say(c, " aria-describedby=\"%s%s%s%s%s\"",
		    html_flag(r->hint, r->name), html_flag(r->hint, "-hint"),
		    html_flag(r->hint && *field->error, " "),
		    html_flag(*field->error, r->name),
		    html_flag(*field->error, "-error"));
	if (r->complete)
		say(c, " autocomplete=\"%s\"", r->complete);
}

static void write_choices(struct console *c, const struct form *f,
			  const struct field *field)
{
	say(c, "<select");
	write_attributes(c, f, field);
	say(c, ">");
	for (const struct choice *o = field->rule->choices; o->value; o++)
		say(c, "<option value=\"%s\"%s>%s</option>", o->value,
		    html_flag(strcmp(o->value, field->value) == 0, " selected"),
		    _(o->label));
	say(c, "</select>\n");
}

static void write_control(struct console *c, const struct form *f,
			  const struct field *field)
{
	switch (field->rule->kind) {
	case FIELD_LINE:
		say(c, "<input type=\"text\" dir=\"auto\"");
		write_attributes(c, f, field);
		say(c, " value=\"%s\">\n", field->value);
		break;
	case FIELD_LINES:
		say(c, "<textarea rows=\"4\" spellcheck=\"false\"");
		write_attributes(c, f, field);
		say(c, ">\n%s</textarea>\n", field->value);
		break;
	case FIELD_SECRET:
		say(c, "<input type=\"password\"");
		write_attributes(c, f, field);
		say(c, ">\n");
		break;
	case FIELD_CHOICE:
		write_choices(c, f, field);
		break;
	case FIELD_CHECK:
		say(c, "<input type=\"checkbox\" value=\"yes\"");
		write_attributes(c, f, field);
		say(c, "%s>\n", html_flag(*field->value, " checked"));
		break;
	}
}

static void write_label(struct console *c, const struct field_rule *r)
{
	bool optional = !r->required && r->kind != FIELD_CHECK &&
			r->kind != FIELD_CHOICE;

	say(c, "<label for=\"%s\">%s", r->name, _(r->label));
	if (optional)
		say(c, " <small>%s</small>", _("optional"));
	say(c, "</label>\n");
}

static void write_field(struct console *c, const struct form *f,
			const struct field *field)
{
	const struct field_rule *r = field->rule;
	bool check = r->kind == FIELD_CHECK;

	say(c, "<div class=\"field%s%s\">\n", html_flag(check, " check"),
	    html_flag(*field->error, " wrong"));
	if (check)
		write_control(c, f, field);
	write_label(c, r);
	if (r->hint)
		say(c, "<p class=\"hint\" id=\"%s-hint\">%s</p>\n", r->name,
		    _(r->hint));
	if (!check)
		write_control(c, f, field);
	if (*field->error)
		say(c, "<p class=\"error\" id=\"%s-error\">%s</p>\n", r->name,
		    field->error);
	say(c, "</div>\n");
}

void form_write(struct console *c, const struct form *f)
{
	if (!f->good)
		say(c, "<p class=\"notice bad\" role=\"alert\">%s</p>\n",
		    *f->error ? f->error
			      : _("Nothing was changed yet: please look at "
				  "what is marked below."));
	for (size_t i = 0; i < f->n; i++)
		write_field(c, f, &f->fields[i]);
}
