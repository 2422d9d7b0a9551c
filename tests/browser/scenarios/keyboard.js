// SPDX-License-Identifier: GPL-3.0-or-later
// Everything without a mouse: the order of the tab key, the way past the
// navigation, and that one sees where one is.
"use strict";

const assert = require("assert");
const { addAdmin } = require("../site");

async function focused(visit) {
	return visit.page.evaluate(() => {
		const at = document.activeElement;
		const style = getComputedStyle(at);
		const box = at.getBoundingClientRect();

		return {
			name: at.labels && at.labels.length ?
				at.labels[0].innerText.split("\n")[0].trim() :
				at.innerText.trim(),
			outlined: style.outlineStyle !== "none" &&
				parseFloat(style.outlineWidth) >= 2,
			visible: box.width > 0 && box.right > 0 && box.bottom > 0,
		};
	});
}

// What the tab key reaches until it has gone round.
async function tabOrder(visit) {
	const names = [];

	for (let i = 0; i < 80; i++) {
		await visit.page.keyboard.press("Tab");
		const at = await focused(visit);
		if (names.length && at.name === names[0])
			break;
		if (await visit.page.evaluate(
			() => document.activeElement === document.body))
			break;
		assert.ok(at.visible && at.outlined,
			`one does not see that one is at ${at.name}`);
		names.push(at.name);
	}
	return names;
}

async function type(visit, text, ...keys) {
	if (text)
		await visit.page.keyboard.type(text);
	for (const key of keys)
		await visit.page.keyboard.press(key);
}

async function order(visit) {
	const admin = await visit.signIn();

	await visit.go("/new");
	assert.deepStrictEqual(await tabOrder(visit), [
		"Skip to the content", "Restante", "Mailboxes", "Activity",
		"System", admin.name, "Sign out", "Name", "Description optional",
		"Servers that mail clients may reach optional",
		"Recovery recipient optional", "Create"]);
	for (const address of ["/", "/activity", "/system", "/account"]) {
		await visit.go(address);
		assert.ok((await tabOrder(visit)).length > 6, address);
	}
}

async function skip(visit) {
	await visit.signIn();
	await visit.go("/new");
	await type(visit, "", "Tab");
	const link = await focused(visit);
	assert.ok(link.visible, "the skip link is to be seen");
	await type(visit, "", "Enter", "Tab");
	assert.strictEqual((await focused(visit)).name, "Name");
}

async function withoutMouse(visit) {
	const admin = addAdmin("keys");

	await visit.begin();
	await visit.go("/login");
	await visit.field("Name").focus();
	await type(visit, admin.name, "Tab");
	await type(visit, admin.password, "Enter");
	await visit.heading("Mailboxes");
	await visit.link("New mailbox").focus();
	await type(visit, "", "Enter");
	await visit.heading("New mailbox");
	await visit.field("Name").focus();
	await type(visit, "By keys alone", "Enter");
	await visit.heading("The mailbox is made");
	await visit.page.getByRole("checkbox").focus();
	await type(visit, "", "Space", "Tab", "Enter");
	await visit.sees("The mailbox is ready.");
	await visit.page.locator("summary").first().focus();
	await type(visit, "", "Enter");
	await visit.sees("New-JournalRule");
}

// Where a form came back, one is at what is wrong with it, and is told why.
async function firstWrong(visit) {
	await visit.signIn();
	await visit.go("/new");
	await visit.fill({ Name: "Named",
		"Servers that mail clients may reach": "not a server" });
	await visit.press("Create");
	const field = visit.field("Servers that mail clients may reach");
	await visit.page.locator("#targets:focus").waitFor();
	assert.strictEqual(await field.getAttribute("aria-invalid"), "true");
	const described = await field.getAttribute("aria-describedby");
	assert.match(described, /targets-error/);
	assert.ok(await visit.page.locator("#targets-error").innerText());
	assert.strictEqual(await visit.field("Name").inputValue(), "Named");
}

module.exports = [
	["tab-order", order],
	["skip-link", skip],
	["keyboard-alone", withoutMouse],
	["wrong-field-has-focus", firstWrong],
];
