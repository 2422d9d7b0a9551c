/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes each export of the module cctv-age as a file: a text header, an empty
 * line, an age file. Of those that are deflated, the line that says so goes,
 * and what follows the empty line is inflated.
 *
 *	node write_vectors.mjs MODULE DIRECTORY
 */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { inflateSync } from "node:zlib";

const [module, directory] = process.argv.slice(2);

for (const [name, bytes] of Object.entries(await import(resolve(module)))) {
	const vector = Buffer.from(bytes);
	const split = vector.indexOf("\n\n") + 1;
	const header = vector.toString("latin1", 0, split);
	const plain = header.replace(/^compressed: zlib\n/m, "");
	const file = vector.subarray(split + 1);

	writeFileSync(`${directory}/${name}`, Buffer.concat([
		Buffer.from(`${plain}\n`, "latin1"),
		plain === header ? file : inflateSync(file),
	]));
}
