// SPDX-License-Identifier: GPL-3.0-or-later
// Who gets in, and how long they stay.
"use strict";

const assert = require("assert");
const { addAdmin, addOneTimeAdmin, ageSessions } = require("../site");

// Seconds that one more try cannot outlast, on a slow machine either.
const LONG = 6;

async function stranger(visit) {
	await visit.begin();
	for (const address of ["/", "/new", "/activity", "/system", "/account"]) {
		await visit.go(address);
		await visit.heading("Sign in");
	}
}

// How long the page says one has to wait; 0 where the password was tried.
async function secondsToWait(visit) {
	const text = await visit.page.getByRole("alert").innerText();
	const found = text.match(/please wait (\d+) second/);

	return found ? Number(found[1]) : 0;
}

// Until the right password is tried and taken: then nobody is slowed any more.
async function waitUntilForgiven(visit, admin) {
	while (await visit.page.getByRole("alert").count()) {
		await visit.page.waitForTimeout(1000);
		await visit.fillSignIn(admin);
	}
}

// Guessing gets slow, and then the right password is not tried either.
async function wrongSixTimes(visit) {
	const admin = addAdmin("guessed");
	const end = Date.now() + 60000;
	let wait = 0, begun = 0;

	await visit.begin();
	for (let i = 0; i < 6 || (wait < LONG && Date.now() < end); i++) {
		await visit.fillSignIn({ ...admin, password: `wrong ${i}` });
		begun = Date.now();
		wait = await secondsToWait(visit);
	}
	assert.ok(wait >= LONG, "guesses are not slowed");
	await visit.fillSignIn(admin);
	if (Date.now() - begun < (wait - 1) * 1000)
		assert.ok(await secondsToWait(visit) > 0, "was let in");
	await waitUntilForgiven(visit, admin);
	await visit.heading("Mailboxes");
}

async function oneTime(visit) {
	const admin = addOneTimeAdmin("newcomer");
	const own = "my own long password";

	await visit.begin();
	await visit.fillSignIn(admin);
	await visit.heading("Your account");
	await visit.sees("You signed in with a one-time password.");
	await visit.expectAccessible();
	for (const address of ["/", "/new", "/system"]) {
		await visit.go(address);
		await visit.heading("Your account");
	}
	await visit.fill({ "Present password": admin.password,
		"New password": "short", "New password once more": "short" });
	await visit.press("Change the password");
	await visit.sees("Too short");
	await visit.fill({ "Present password": admin.password,
		"New password": own, "New password once more": own });
	await visit.press("Change the password");
	await visit.sees("Your new password is in use");
	await visit.follow("Mailboxes");
	await visit.heading("Mailboxes");
}

async function expired(visit) {
	const admin = await visit.signIn();

	await visit.go("/new");
	await visit.fill({ Name: "Too late" });
	ageSessions(31 * 60);
	await visit.press("Create");
	await visit.heading("Sign in");
	await visit.sees("Your session has ended.");
	await visit.expectAccessible();
	await visit.signIn(admin);
	assert.strictEqual(await visit.page.getByText("Too late").count(), 0);
}

async function signOut(visit) {
	const admin = await visit.signIn();

	await visit.press("Sign out");
	await visit.heading("Sign in");
	await visit.page.goBack();
	await visit.heading("Sign in");
	await visit.go("/");
	await visit.heading("Sign in");
	await visit.signIn(admin);
}

module.exports = [
	["stranger-signs-in-first", stranger],
	["wrong-password-six-times", wrongSixTimes],
	["one-time-password-is-replaced", oneTime],
	["expired-session", expired],
	["sign-out", signOut],
];
