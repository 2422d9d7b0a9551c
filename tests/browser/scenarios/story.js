// SPDX-License-Identifier: GPL-3.0-or-later
// The life of a mailbox, with JavaScript and without: made, written to,
// collected, given other passwords, reset, suspended and deleted.
"use strict";

const assert = require("assert");
const { send, collect, opens } = require("../site");

// The password that the page shows this once.
async function readSecret(visit) {
	return visit.page.locator("#password").innerText();
}

async function create(visit, name) {
	await visit.follow("New mailbox");
	await visit.fill({ Name: name, Description: "By the browser" });
	await visit.press("Create");
	await visit.heading("The mailbox is made");
	await visit.expectAccessible();
	return {
		name, password: await readSecret(visit),
		id: (await visit.page.locator(".facts code").innerText()).trim(),
	};
}

// Without a tick there is no going on, whoever checks it.
async function tick(visit) {
	await visit.withoutBrowsersChecks();
	await visit.press("Go on");
	await visit.heading("One thing more");
	await visit.sees("Tick this box to go on.");
	await visit.field("I have put the password where I will find it again, " +
		"and understand that it cannot be recovered.").check();
	await visit.press("Go on");
	await visit.sees("The mailbox is ready.");
}

async function isNotShownAgain(visit, mailbox) {
	for (const page of ["", "/connect", "/password"]) {
		await visit.go(`/mailbox/${mailbox.id}${page}`);
		const html = await visit.page.content();
		assert.ok(!html.includes(mailbox.password), `shown in ${page}`);
	}
}

async function takesMail(visit, mailbox) {
	const address = `${mailbox.id}@archive.test`;

	await visit.go(`/mailbox/${mailbox.id}`);
	await visit.sees(address);
	send(address, "from the browser's test");
	await visit.rowBecomes(mailbox.name, /Active\s+1\s/);
	const [message] = collect(mailbox.id, mailbox.password);
	assert.match(message, /Subject: from the browser's test/);
	await visit.rowBecomes(mailbox.name, /Active\s+0\s/);
}

async function changePassword(visit, mailbox) {
	const old = mailbox.password;

	await visit.go(`/mailbox/${mailbox.id}/password`);
	await visit.fill({ "Present password of the mailbox": "not this one" });
	await visit.press("Make a new password");
	await visit.sees("This is not its password.");
	await visit.fill({ "Present password of the mailbox": old });
	await visit.press("Make a new password");
	await visit.heading("The new password");
	mailbox.password = await readSecret(visit);
	assert.notStrictEqual(mailbox.password, old);
	assert.ok(opens(mailbox.id, old), "the old one before the new one's use");
	assert.ok(opens(mailbox.id, mailbox.password), "the new one");
	assert.ok(!opens(mailbox.id, old), "the old one is over");
}

async function reset(visit, mailbox) {
	send(`${mailbox.id}@archive.test`, "will be unreadable");
	await visit.go(`/mailbox/${mailbox.id}/reset`);
	await visit.press("Suspend");
	await visit.sees("The mailbox is suspended");
	assert.match(await visit.row(mailbox.name), /Suspended/);
	await visit.go(`/mailbox/${mailbox.id}/reset`);
	await visit.sees("It holds 1 message.");
	await visit.fill({
		"Type the name of the mailbox to go on": mailbox.name });
	await visit.press("Reset, and set these messages aside");
	mailbox.password = await readSecret(visit);
	assert.deepStrictEqual(collect(mailbox.id, mailbox.password), []);
}

async function remove(visit, mailbox) {
	const typed = "Type the name of the mailbox to go on";

	await visit.go(`/mailbox/${mailbox.id}`);
	await visit.follow("Delete…");
	await visit.fill({ [typed]: "another name" });
	await visit.press("Delete for good");
	await visit.sees("This is not its name. Nothing was changed.");
	await visit.fill({ [typed]: mailbox.name });
	await visit.press("Delete for good");
	await visit.sees("The mailbox is deleted.");
	assert.strictEqual(
		await visit.page.getByRole("row", { name: mailbox.name }).count(), 0);
	const answer = await visit.go(`/mailbox/${mailbox.id}`);
	assert.strictEqual(answer.status(), 404);
}

function story(name, options) {
	return [name, async (visit) => {
		await visit.begin(options);
		await visit.signIn();
		const mailbox = await create(visit, `Life ${name}`);
		await tick(visit);
		await isNotShownAgain(visit, mailbox);
		await takesMail(visit, mailbox);
		await changePassword(visit, mailbox);
		await reset(visit, mailbox);
		await remove(visit, mailbox);
	}];
}

// --- what only a script can do ----------------------------------------------

async function copy(visit) {
	await visit.begin({ permissions: ["clipboard-read", "clipboard-write"] });
	await visit.signIn();
	const mailbox = await create(visit, "Copied");
	const copyButton = visit.button("Copy");

	await copyButton.click();
	await visit.button("Copied").waitFor();
	assert.strictEqual(await visit.page.locator("#said").textContent(),
		"Copied");
	assert.strictEqual(await visit.page.evaluate(
		() => navigator.clipboard.readText()), mailbox.password);
	await visit.button("Print").waitFor();
}

// A password on paper: black on white, whose it is, and nothing to press.
async function print(visit) {
	await visit.begin({ colorScheme: "dark" });
	await visit.signIn();
	await create(visit, "Printed");
	await visit.page.emulateMedia({ media: "print" });
	await visit.picture("secret-on-paper");
	for (const shown of ["#password", "text=Printed", "text=shown once"])
		assert.ok(await visit.page.locator(shown).first().isVisible(), shown);
	for (const hidden of ["button", "body > header", "form"])
		for (const element of await visit.page.locator(hidden).all())
			assert.ok(!await element.isVisible(), hidden);
	const colours = await visit.page.evaluate(() => ["color",
		"background-color"].map((name) =>
		getComputedStyle(document.body).getPropertyValue(name)));
	assert.deepStrictEqual(colours,
		["rgb(0, 0, 0)", "rgb(255, 255, 255)"]);
}

// Sending the same form again makes no second mailbox, and no second password.
async function reload(visit) {
	await visit.signIn();
	const mailbox = await create(visit, "Reloaded");

	await visit.page.reload();
	await visit.heading("This was sent before");
	assert.ok(!(await visit.page.content()).includes(mailbox.password));
	await visit.go("/");
	assert.strictEqual(await visit.page.getByRole("row")
		.filter({ hasText: "Reloaded" }).count(), 1);
}

module.exports = [
	story("story", {}),
	story("story-without-script", { javaScriptEnabled: false }),
	["copy-button", copy],
	["password-on-paper", print],
	["reload-shows-nothing", reload],
];
