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

function folder(mailbox, name) {
	return path.join(path.dirname(site.ledgers), "store/mailboxes",
		mailbox.id, name);
}

// The message's id in the first entry that begins so.
function entered(mailbox, pattern) {
	return fs.readFileSync(path.join(site.ledgers, mailbox.id, "entries"),
		"utf8").match(pattern)[1];
}

async function download(visit, mailbox, ulid, entry) {
	await visit.go(`/mailbox/${mailbox.id}/evidence`);
	await visit.fill({ "The message's id": ulid });
	const [file] = await Promise.all([
		visit.page.waitForEvent("download"), visit.press("Download")]);
	const text = fs.readFileSync(await file.path(), "utf8");

	assert.match(text, new RegExp(`^${entry}.*\n\n` +
		"c2sp.org/tlog-proof@v1\nindex \\d+\n"));
	assert.ok(text.includes(`/${mailbox.id}/`));
}

async function downloadKept(visit, mailbox) {
	const ulid = entered(mailbox, /^kept ulid=(\S+)/m);

	await download(visit, mailbox, ulid, `kept ulid=${ulid} `);
}

// Somebody removes a message behind everybody's back.
async function remove(visit, mailbox) {
	const cur = folder(mailbox, "cur");

	fs.unlinkSync(path.join(cur, fs.readdirSync(cur)[0]));
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
	await downloadKept(visit, mailbox);
	await visit.go(`/mailbox/${mailbox.id}/evidence`);
	await remove(visit, mailbox);
}

// As if a store of before had made it: no session key was ever named.
function withoutKey(name) {
	const mailbox = addMailbox(name);

	for (const file of ["mailbox.conf", "admin.spool"]) {
		const at = folder(mailbox, file);

		fs.writeFileSync(at, fs.readFileSync(at, "utf8")
			.replace(/^session-key.*\n/m, "")
			.replace(/ session-key=[0-9a-f]+/, ""));
	}
	return mailbox;
}

// What nobody can prove is said to be so, and is not missing.
async function notProvable(visit, name) {
	const mailbox = withoutKey(`Of before, ${name}`);

	send(mailbox.address, "one");
	send(mailbox.address, "two");
	collect(mailbox.id, mailbox.password);
	enter();
	restante(["sweep"]);
	await visit.go(`/mailbox/${mailbox.id}/evidence`);
	await visit.sees("the mailbox holds what it should");
	await visit.sees("Not provable: collected before");
	const day = await cells(visit);
	assert.deepStrictEqual([day["Not provable"], day.Missing], ["2", "0"]);
	await visit.look(`evidence-not-provable-${name}`);
}

function seen(colorScheme, width) {
	const name = `${colorScheme}-${width}`;

	return [`evidence-${name}`, async (visit) => {
		await visit.begin({ colorScheme, viewport: { width, height: 900 } });
		await visit.signIn();
		await notProvable(visit, name);
	}];
}

module.exports = [
	seen("light", 1440),
	seen("dark", 375),
	["evidence", tell],
	["evidence-without-script", async (visit) => {
		await visit.begin({ javaScriptEnabled: false });
		await tell(visit);
	}],
];
