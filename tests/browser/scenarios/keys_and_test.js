// SPDX-License-Identifier: GPL-3.0-or-later
// A recovery recipient, added with the password and removed again, and what its
// key is good for; and the test message.
"use strict";

const assert = require("assert");
const fs = require("fs");
const path = require("path");
const { spawnSync } = require("child_process");
const { addMailbox, collect, opens, restante } = require("../site");

function makeIdentity(name) {
	const file = path.join(process.env.HOME, `${name}.key`);
	const done = spawnSync("age-keygen", ["-o", file], { encoding: "utf8" });

	assert.strictEqual(done.status, 0, done.stderr);
	return {
		file, recipient: fs.readFileSync(file, "utf8")
			.match(/public key: (age1\S+)/)[1],
	};
}

async function fillRecipient(visit, mailbox, recipient, password) {
	await visit.go(`/mailbox/${mailbox.id}`);
	await visit.page.getByText("Add a recovery recipient").click();
	await visit.fill({ "Recovery recipient": recipient,
		"Password of the mailbox": password });
	await visit.press("Add");
}

async function recipients(visit, name) {
	await visit.go(`/mailbox/${name}`);
	return visit.page.locator(".keys code").allInnerTexts();
}

async function recovery(visit) {
	const mailbox = addMailbox("With a recovery key");
	const key = makeIdentity(mailbox.id);

	await visit.signIn();
	await fillRecipient(visit, mailbox, "age1no", mailbox.password);
	await visit.sees("age1no");
	await visit.expectAccessible();
	await fillRecipient(visit, mailbox, key.recipient, "not this one");
	assert.strictEqual((await recipients(visit, mailbox.id)).length, 1);
	await fillRecipient(visit, mailbox, key.recipient, mailbox.password);
	await visit.expectAccessible();
	assert.strictEqual((await recipients(visit, mailbox.id))[1],
		key.recipient);

	const fresh = restante(["mailbox", "passwd", mailbox.id,
		"--recovery-identity", key.file]).match(/password: (\S+)/)[1];
	assert.ok(opens(mailbox.id, fresh), "the password made with the key");

	const own = (await recipients(visit, mailbox.id))[0];
	await visit.press("Remove");
	await visit.sees("also what comes");
	await visit.expectAccessible();
	await visit.fill({ "Password of the mailbox": "not this one" });
	await visit.press("Remove");
	await visit.sees("This is not its password.");
	await visit.fill({ "Password of the mailbox": fresh });
	await visit.press("Remove");
	const left = await recipients(visit, mailbox.id);
	assert.strictEqual(left.length, 1);
	assert.notStrictEqual(left[0], own);
}

async function sendTest(visit, name) {
	await visit.go("/system");
	await visit.page.locator("select[name=mailbox]")
		.selectOption({ label: name });
	await visit.press("Send it");
}

async function testMessage(visit) {
	const mailbox = addMailbox("Tested");

	await visit.signIn();
	await sendTest(visit, "Tested");
	await visit.sees("It was taken, sealed and kept.");
	await visit.expectAccessible();
	assert.match(await visit.page.locator(".steps").innerText(),
		/RCPT TO:[^]*\n.*250[^]*\n.*250/);
	await visit.rowBecomes("Tested", /Active\s+1\s/);
	const [message] = collect(mailbox.id, mailbox.password);
	assert.match(message, /Subject: /);

	restante(["mailbox", "suspend", mailbox.id]);
	await sendTest(visit, "Tested");
	await visit.sees("the mailbox is suspended, and takes no mail");
	await visit.expectAccessible();
}

module.exports = [
	["recovery-recipient", recovery],
	["test-message", testMessage],
];
