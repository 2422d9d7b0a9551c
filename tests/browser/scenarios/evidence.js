// SPDX-License-Identifier: GPL-3.0-or-later
// What a mailbox's ledger proves, for a person: with and without JavaScript.
"use strict";

const assert = require("assert");
const fs = require("fs");
const path = require("path");
const { site, addMailbox, collect, enter, restante, send } =
	require("../site");

async function cells(visit) {
	const heads = await visit.page.locator("#days thead th").allInnerTexts();
	const texts = await visit.page.locator("#days tbody tr").first()
		.locator("th, td").allInnerTexts();

	return Object.fromEntries(heads.map((head, i) => [head, texts[i]]));
}

function kept(mailbox) {
	return fs.readFileSync(path.join(site.ledgers, mailbox.id, "entries"),
		"utf8").match(/^kept ulid=(\S+)/m)[1];
}

async function download(visit, mailbox) {
	await visit.go(`/mailbox/${mailbox.id}/evidence`);
	await visit.fill({ "The message's id": kept(mailbox) });
	const [file] = await Promise.all([
		visit.page.waitForEvent("download"), visit.press("Download")]);
	const text = fs.readFileSync(await file.path(), "utf8");

	assert.match(text, new RegExp(`^kept ulid=${kept(mailbox)} .*\n\n` +
		"c2sp.org/tlog-proof@v1\nindex \\d+\n"));
	assert.ok(text.includes(`/${mailbox.id}/`));
}

// Somebody removes a message behind everybody's back.
async function remove(visit, mailbox) {
	const folder = path.join(path.dirname(site.ledgers), "store/mailboxes",
		mailbox.id, "cur");

	fs.unlinkSync(path.join(folder, fs.readdirSync(folder)[0]));
	await visit.follow("Verify now");
	await visit.sees("the mailbox does not hold what it should");
	assert.strictEqual((await cells(visit)).Missing, "1");
	await visit.expectAccessible();
}

async function tell(visit) {
	const mailbox = addMailbox("Proved");

	await visit.signIn();
	await visit.go(`/mailbox/${mailbox.id}`);
	await visit.follow("Evidence");
	await visit.sees("This mailbox has no ledger");
	for (const subject of ["one", "two", "three"])
		send(mailbox.address, subject);
	assert.strictEqual(collect(mailbox.id, mailbox.password).length, 3);
	send(mailbox.address, "four");
	enter();
	await visit.go(`/mailbox/${mailbox.id}/evidence`);
	await visit.sees("the mailbox holds what it should");
	await visit.expectAccessible();
	await visit.expectNoSidewaysScroll();
	assert.strictEqual((await cells(visit)).Messages, "4");
	restante(["sweep"]);
	await visit.follow("Verify now");
	const day = await cells(visit);
	assert.deepStrictEqual([day["Collected and deleted"], day.Waiting,
		day.Missing], ["3", "1", "0"]);
	await download(visit, mailbox);
	await visit.go(`/mailbox/${mailbox.id}/evidence`);
	await remove(visit, mailbox);
}

module.exports = [
	["evidence", tell],
	["evidence-without-script", async (visit) => {
		await visit.begin({ javaScriptEnabled: false });
		await tell(visit);
	}],
];
