// SPDX-License-Identifier: GPL-3.0-or-later
// What an archive has deleted, and what can be done about it: with and without
// JavaScript.
"use strict";

const assert = require("assert");
const { addMailbox, collect, restante, send } = require("../site");

function shown(id, key) {
	return restante(["mailbox", "show", id, "--porcelain"])
		.match(new RegExp(`^${key}: (.*)$`, "m"))[1];
}

function fill(mailbox, subjects) {
	for (const subject of subjects)
		send(mailbox.address, subject);
	assert.strictEqual(collect(mailbox.id, mailbox.password).length,
		subjects.length);
	restante(["sweep"]);
}

// Days in the settings, what was deleted is there, and comes back.
async function bringBack(visit, mailbox) {
	await visit.go(`/mailbox/${mailbox.id}`);
	await visit.sees("What the archive deletes goes within a minute.");
	await visit.fill({
		"For how many days what was deleted can be brought back": "many" });
	await visit.press("Save");
	await visit.sees("expected days, 0 to 3660");
	await visit.fill({
		"For how many days what was deleted can be brought back": "30" });
	await visit.press("Save");
	await visit.sees("What the archive deletes stays for 30 days");
	fill(mailbox, ["one", "two"]);
	await visit.go(`/mailbox/${mailbox.id}`);
	await visit.sees("2 deleted messages are still here");
	await visit.expectAccessible();
	await visit.page.getByLabel("What is to come back")
		.selectOption({ label: "What was deleted in the last hour" });
	await visit.press("Bring back");
	await visit.sees("What was deleted is back, as new messages.");
	assert.strictEqual(shown(mailbox.id, "messages"), "2");
	const again = collect(mailbox.id, mailbox.password);
	assert.ok(again.some((message) => message.includes("Subject: one")));
	assert.strictEqual(again.length, 2);
}

// Nobody is asked for what cannot be, and an answer from before is refused.
async function deleteUnderHold(visit, mailbox) {
	const page = `/mailbox/${mailbox.id}/delete`;

	await visit.go(page);
	await visit.sees("can be neither deleted nor reset");
	assert.strictEqual(
		await visit.page.locator("button.danger").count(), 0);
	restante(["mailbox", "release", mailbox.id]);
	await visit.go(page);
	await visit.fill({ "Type the name of the mailbox to go on":
		"Deleted from" });
	restante(["mailbox", "hold", mailbox.id]);
	await visit.press("Delete for good");
	await visit.sees("is under hold");
	await visit.go(`/mailbox/${mailbox.id}`);
}

// Under hold everything stays, whatever else is asked for.
async function hold(visit, mailbox) {
	await visit.go(`/mailbox/${mailbox.id}`);
	await visit.press("Put under hold");
	await visit.sees("The mailbox is under hold");
	await visit.expectAccessible();
	assert.strictEqual(shown(mailbox.id, "hold"), "true");
	restante(["mailbox", "set", mailbox.id, "undo=0"]);
	fill(mailbox, ["three"]);
	assert.strictEqual(shown(mailbox.id, "deleted"), "3");
	await visit.press("Suspend");
	await deleteUnderHold(visit, mailbox);
	await visit.press("Release the hold");
	await visit.sees("The hold is released.");
	restante(["sweep"]);
	assert.strictEqual(shown(mailbox.id, "deleted"), "0");
}

function deleted(options) {
	return async (visit) => {
		const mailbox = addMailbox("Deleted from");

		if (options)
			await visit.begin(options);
		await visit.signIn();
		await bringBack(visit, mailbox);
		await hold(visit, mailbox);
	};
}

module.exports = [
	["deleted-mail", deleted()],
	["deleted-mail-without-script", deleted({ javaScriptEnabled: false })],
];
