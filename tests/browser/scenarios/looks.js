// SPDX-License-Identifier: GPL-3.0-or-later
// Every page in both colour schemes and at both widths: nothing that axe-core
// finds, nothing that scrolls sideways. All four combinations, and a picture of
// each page, where pictures are wanted.
"use strict";

const assert = require("assert");
const { site, addMailbox, collect, restante, send } = require("../site");

const [first, near, last] = site.mailboxes;
const mailbox = `/mailbox/${first.id}`;

async function submit(visit, address, button, values = {}) {
	await visit.go(address);
	await visit.withoutBrowsersChecks();
	await visit.fill(values);
	await visit.press(button);
}

// Headings without a table below them would say less than a sentence.
async function emptyActivity(visit) {
	await visit.go(`/activity?mailbox=${last.id}&outcome=error`);
	await visit.sees("Nothing of that kind happened.");
	assert.strictEqual(await visit.page.locator("table").count(), 0);
}

// Of two limits the one that is meant.
async function nearFull(visit) {
	await visit.go(`/mailbox/${near.id}`);
	await visit.sees("Near full");
	assert.strictEqual(await visit.page.locator(".facts .badge").count(), 1);
}

let kept; // one mailbox for all variants

// Deleted mail that is still there, under hold: it can come back, and not go.
async function held(visit, address, what) {
	kept ??= keep();
	await visit.go(`/mailbox/${kept.id}${address}`);
	await visit.sees("It is under hold");
	await visit.sees("Release the hold");
	await visit.sees(what);
	assert.strictEqual(
		await visit.page.locator("button.danger").count(), 0);
}

function keep() {
	const made = addMailbox("Kept for a court");

	restante(["mailbox", "set", made.id, "undo=30"]);
	send(made.address, "deleted");
	collect(made.id, made.password);
	restante(["sweep"]);
	restante(["mailbox", "hold", made.id]);
	restante(["mailbox", "suspend", made.id]);
	return made;
}

// Only a gallery has one that is full.
const full = site.gallery ?
	{ "mailbox-full": (v) => v.go(`/mailbox/${site.mailboxes.at(-2).id}`) } : {};

// Pages for which one must have signed in.
const pages = {
	overview: (v) => v.go("/"),
	new: (v) => v.go("/new"),
	"new-wrong": (v) => submit(v, "/new", "Create", {
		"Servers that mail clients may reach": "not a server\n",
		"Recovery recipient": "age1nothing" }),
	mailbox: (v) => v.go(mailbox),
	"mailbox-near-full": nearFull,
	"mailbox-held": (v) => held(v, "",
		"1 deleted message is still here"),
	"mailbox-suspended": (v) => v.go(`/mailbox/${last.id}`),
	"mailbox-wrong": (v) => submit(v, mailbox, "Save", { Name: "" }),
	connect: (v) => v.go(`${mailbox}/connect`),
	password: (v) => v.go(`${mailbox}/password`),
	"password-wrong": (v) => submit(v, `${mailbox}/password`,
		"Make a new password",
		{ "Present password of the mailbox": "wrong" }),
	"delete-active": (v) => v.go(`${mailbox}/delete`),
	"delete-held": (v) => held(v, "/delete",
		"can be neither deleted nor reset"),
	delete: (v) => v.go(`/mailbox/${last.id}/delete`),
	"delete-wrong": (v) => submit(v, `/mailbox/${last.id}/delete`, "Delete for good",
		{ "Type the name of the mailbox to go on": "another name" }),
	reset: (v) => v.go(`/mailbox/${last.id}/reset`),
	"activity-none": (v) => v.go("/activity"),
	activity: (v) => v.go(`/activity?mailbox=${first.id}&days=14`),
	"activity-empty": emptyActivity,
	system: (v) => v.go("/system"),
	account: (v) => v.go("/account"),
	"account-wrong": (v) => submit(v, "/account", "Change the password"),
	"not-found": (v) => v.go("/nowhere"),
	...full,
};

const strangers = {
	login: (v) => v.go("/login"),
	"login-wrong": (v) => submit(v, "/login", "Sign in"),
};

async function lookAtAll(visit, list, variant) {
	for (const [name, show] of Object.entries(list)) {
		await show(visit);
		await visit.look(`${name}-${variant}`);
	}
}

// A page with a password, which is shown once.
async function lookAtSecret(visit, variant) {
	await visit.go("/new");
	await visit.fill({ Name: `Shown in ${variant}` });
	await visit.press("Create");
	await visit.heading("The mailbox is made");
	await visit.look(`secret-${variant}`);
	const id = await visit.page.locator(".facts code").first().innerText();
	restante(["mailbox", "suspend", id]);
	restante(["mailbox", "delete", id, "--yes"]);
}

function variant(colorScheme, width) {
	const name = `${colorScheme}-${width}`;

	return [`looks-${name}`, async (visit) => {
		await visit.begin({ colorScheme, viewport: { width, height: 900 } });
		await lookAtAll(visit, strangers, name);
		await visit.signIn();
		await lookAtAll(visit, pages, name);
		await lookAtSecret(visit, name);
	}];
}

module.exports = [variant("light", 1440), variant("dark", 390)];
if (site.gallery)
	module.exports.push(variant("light", 390), variant("dark", 1440));
