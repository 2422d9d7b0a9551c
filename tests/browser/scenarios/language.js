// SPDX-License-Identifier: GPL-3.0-or-later
// The browser's language, and another that the reader chooses.
"use strict";

const assert = require("assert");

async function isIn(visit, code) {
	assert.strictEqual(
		await visit.page.locator("html").getAttribute("lang"), code);
}

async function chosen(visit) {
	await visit.begin({ locale: "de-AT" });
	await visit.go("/login");
	await isIn(visit, "de");
	await visit.heading("Anmelden");
	await visit.page.locator("#language").selectOption({ label: "English" });
	await visit.page.locator("form", { has: visit.page.locator("#language") })
		.getByRole("button").click();
	await visit.heading("Sign in");
	await isIn(visit, "en");
	await visit.signIn();
	await visit.go("/account");
	await visit.field("Language").selectOption({ label: "Italiano" });
	await visit.press("Use");
	await isIn(visit, "it");
	await visit.go("/");
	await isIn(visit, "it");
	await visit.heading("Caselle");
	await visit.expectAccessible();
}

async function unknown(visit) {
	await visit.begin({ locale: "fi-FI" });
	await visit.go("/login");
	await isIn(visit, "en");
}

module.exports = [
	["language-is-chosen", chosen],
	["language-unknown-is-english", unknown],
];
