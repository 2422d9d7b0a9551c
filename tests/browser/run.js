// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the scenarios, each a folder file that exports [name, what to do] pairs,
// and prints the lines that tests/README.md promises. A scenario that fails
// leaves a picture of what was to be seen.
"use strict";

const fs = require("fs");
const path = require("path");
const { Visit, close } = require("./visit");

// Of a scenario that has come to nothing: each of its steps has a limit of its own.
const SECONDS = 900;
const folder = path.join(__dirname, "scenarios");

function scenarios() {
	return fs.readdirSync(folder).sort().flatMap(
		(file) => require(path.join(folder, file)));
}

function within(seconds, promise) {
	let timer;
	const late = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error(
			`took longer than ${seconds} s`)), seconds * 1000);
	});

	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function oneLine(error) {
	return String(error.message || error).replace(/\x1b\[[0-9;]*m/g, "")
		.replace(/\s+/g, " ").slice(0, 600);
}

async function run(name, scenario) {
	const visit = new Visit(name);

	try {
		await within(SECONDS, scenario(visit));
		visit.expectNoErrors();
		console.log(`ok ${name}`);
		return true;
	} catch (error) {
		console.log(`not ok ${name} ${oneLine(error)}`);
		await visit.picture(`failed-${name}`).catch(() => {});
		return false;
	} finally {
		await visit.end();
	}
}

async function main(only) {
	let good = true;

	for (const [name, scenario] of scenarios())
		if (name.includes(only))
			good = await run(name, scenario) && good;
	await close();
	process.exitCode = good ? 0 : 1;
}

main(process.argv[2] || "");
