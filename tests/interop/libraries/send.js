// SPDX-License-Identifier: GPL-3.0-or-later
// Two messages in one session of nodemailer, under STARTTLS, the name checked.
// Arguments: port, CA, sender, recipient, subject of each. Environment, where there is
// a login: MAIL_USER, MAIL_PASSWORD.
"use strict";
const fs = require("fs");
const nodemailer = require("nodemailer");

const [port, ca, sender, recipient, ...subjects] = process.argv.slice(2);

const { MAIL_USER: user, MAIL_PASSWORD: pass } = process.env;

async function main() {
	const transport = nodemailer.createTransport({
		host: "127.0.0.1", port: Number(port), pool: true, maxConnections: 1,
		auth: user ? { user, pass } : undefined,
		requireTLS: true,
		tls: { ca: fs.readFileSync(ca), servername: "localhost" },
	});
	for (const subject of subjects)
		await transport.sendMail({
			envelope: { from: sender, to: [recipient] },
			from: "author@sender.example", to: "reader@receiver.example",
			subject, text: "Gr\u00fc\u00dfe\n.\nend\n",
			dsn: { id: "x=y", return: "headers", notify: ["failure", "delay"] },
		});
	transport.close();
}

main().catch((error) => {
	console.error(error);
	process.exit(1);
});
