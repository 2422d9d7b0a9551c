// SPDX-License-Identifier: GPL-3.0-or-later
// What stands behind the pages: the site that was started for us, the shell
// command, and mail sent and collected by curl.
"use strict";

const fs = require("fs");
const path = require("path");
const { spawnSync } = require("child_process");

const site = JSON.parse(fs.readFileSync(process.env.RESTANTE_SITE, "utf8"));

function output(program, args, input) {
	const done = spawnSync(program, args, { input, encoding: "utf8" });

	if (done.status !== 0)
		throw new Error(`${program} ${args[0]} ended with ` +
			`${done.status}: ${done.stderr || done.error}`);
	return done.stdout;
}

function restante(args, input = "") {
	return output(site.restante, ["-c", site.conf, ...args], input);
}

// An administrator of a name of its own, so that no scenario shares a throttle
// or a session with another.
function addAdmin(base) {
	const name = `${base}-${process.pid}`;
	const password = "a password of some length";

	restante(["admin", "add", name], `${password}\n`);
	return { name, password };
}

function addOneTimeAdmin(base) {
	const name = `${base}-${process.pid}`;
	const said = restante(["admin", "add", name, "--one-time"]);

	return { name, password: said.match(/\S+\s*$/)[0].trim() };
}

function addMailbox(name) {
	const said = restante(["mailbox", "create", "--porcelain",
		"--same-name", "--", name]);

	return Object.fromEntries(
		said.trim().split("\n").map((line) => line.split(": ")));
}

// Options by name; what is secret stays off the command line.
function curl(options) {
	const config = Object.entries({ ...options, cacert: site.ca })
		.map(([name, value]) => value === true ? `${name}\n` :
			`${name} = "${value}"\n`).join("");

	return output("curl", ["--silent", "--show-error", "--ssl-reqd",
		"--max-time", "30", "--config", "-"], config);
}

function send(address, subject) {
	const file = path.join(process.env.HOME, "message.eml");

	fs.writeFileSync(file, "From: a@sender.example\r\n" +
		`To: ${address}\r\nSubject: ${subject}\r\n\r\nHello.\r\n`);
	curl({
		url: `smtp://localhost:${site.smtp}`, "upload-file": file,
		"mail-from": "a@sender.example", "mail-rcpt": address,
	});
}

// Every message, deleted once it is there.
function collect(id, password) {
	const user = `${id}:${password}`;
	const url = `pop3://localhost:${site.pop3}/`;
	const numbers = curl({ url, user }).split("\n")
		.map((line) => parseInt(line, 10)).filter((number) => number > 0);
	const messages = numbers.map(
		(number) => curl({ url: `${url}${number}`, user }));

	for (const number of numbers.reverse())
		curl({ url: `${url}${number}`, user, request: "DELE", head: true });
	return messages;
}

// Is this the password? A refusal is an answer, trouble is an error.
function opens(id, password) {
	try {
		collect(id, password);
		return true;
	} catch (error) {
		if (/Login denied|Access denied/i.test(error.message))
			return false;
		throw error;
	}
}

// What happened is entered, and signed.
function enter() {
	output(site.ledger, ["-c", site.conf, "--once"]);
}

// Every session was last used that long ago.
function ageSessions(seconds) {
	const then = Date.now() / 1000 - seconds;

	for (const file of fs.readdirSync(site.sessions))
		fs.utimesSync(path.join(site.sessions, file), then, then);
}

module.exports = {
	site, restante, addAdmin, addOneTimeAdmin, addMailbox, send, collect,
	opens, ageSessions, enter,
};
