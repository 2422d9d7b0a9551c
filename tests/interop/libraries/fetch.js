// SPDX-License-Identifier: GPL-3.0-or-later
// Empties a mailbox with node-pop3, which knows implicit TLS alone and leaves
// doubled dots as they are, the name checked. Arguments: port, CA, "implicit",
// folder for the messages. Environment: MAIL_USER, MAIL_PASSWORD.
"use strict";
const fs = require("fs");
const path = require("path");
const Pop3Command = require("node-pop3");

const [port, ca, tls, out] = process.argv.slice(2);

async function main() {
	if (tls !== "implicit")
		throw new Error("no STLS");
	const pop = new Pop3Command({
		host: "localhost", port: Number(port), tls: true,
		user: process.env.MAIL_USER, password: process.env.MAIL_PASSWORD,
		tlsOptions: { ca: fs.readFileSync(ca) },
	});
	for (const [number] of await pop.LIST()) {
		const text = await pop.RETR(number);
		const name = String(number).padStart(5, "0");
		fs.writeFileSync(path.join(out, name), text);
		await pop.command("DELE", number);
	}
	await pop.QUIT();
}

main().catch((error) => {
	console.error(error);
	process.exit(1);
});
