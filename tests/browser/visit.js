// SPDX-License-Identifier: GPL-3.0-or-later
// One visitor: a browser profile of its own that remembers whatever the browser
// complained about (errors, violations of the Content-Security-Policy), and
// how a person gets about in the console.
"use strict";

const assert = require("assert");
const fs = require("fs");
const path = require("path");
const { chromium } = require("playwright-core");
const { site, addAdmin } = require("./site");

const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

let browser = null;

async function open() {
	browser = browser || await chromium.launch({
		executablePath: site.chromium,
		args: ["--no-sandbox", "--disable-dev-shm-usage"],
	});
	return browser;
}

async function close() {
	if (browser)
		await browser.close();
}

// A page with a status of 4xx is one of ours, and looked at by its scenario.
function isStatusOfPage(message) {
	return message.text().startsWith("Failed to load resource: the server " +
		"responded with a status of 4") &&
		!message.location().url.includes("/assets/");
}

class Visit {
	constructor(name) {
		this.name = name;
		this.errors = [];
		this.context = null;
		this.page = null;
	}

	async begin(options = {}) {
		const chrome = await open();

		this.script = options.javaScriptEnabled !== false;
		this.context = await chrome.newContext({
			baseURL: site.url, ignoreHTTPSErrors: true, locale: "en-GB",
			viewport: { width: 1440, height: 900 }, ...options,
		});
		this.context.setDefaultTimeout(30000);
		this.page = await this.context.newPage();
		this.page.on("pageerror", (error) => this.errors.push(error.message));
		this.page.on("console", (message) => {
			if (["error", "warning"].includes(message.type()) &&
			    !isStatusOfPage(message))
				this.errors.push(message.text());
		});
		return this.page;
	}

	async end() {
		if (this.context)
			await this.context.close();
	}

	expectNoErrors() {
		assert.deepStrictEqual(this.errors, [], "what the browser said");
	}

	// --- getting about ----------------------------------------------------

	async go(address) {
		return this.page.goto(address);
	}

	button(name) {
		return this.page.getByRole("button", { name, exact: true });
	}

	link(name) {
		return this.page.getByRole("link", { name, exact: true });
	}

	// Labels of fields that may be left out say so.
	field(label) {
		const text = label.replace(/[^\w ]/g, "\\$&");

		return this.page.getByLabel(
			new RegExp(`^${text}( optional)?$`));
	}

	async press(name) {
		await this.button(name).click();
	}

	async follow(name) {
		await this.link(name).click();
	}

	async fill(values) {
		for (const [label, value] of Object.entries(values))
			await this.field(label).fill(value);
	}

	async fillSignIn({ name, password }) {
		await this.go("/login");
		await this.fill({ Name: name, Password: password });
		await this.press("Sign in");
	}

	async signIn(admin = addAdmin(this.name.replace(/[^a-z0-9]/g, "-"))) {
		if (!this.page)
			await this.begin();
		await this.fillSignIn(admin);
		await this.heading("Mailboxes");
		return admin;
	}

	// A form is sent as it is: what it lacks is for the console to say.
	async withoutBrowsersChecks() {
		await this.page.evaluate(() => {
			for (const form of document.forms)
				form.noValidate = true;
		});
	}

	// --- what is to be seen -----------------------------------------------

	async heading(text) {
		await this.page.getByRole("heading", { level: 1, name: text })
			.waitFor();
	}

	async sees(text) {
		await this.page.getByText(text).first().waitFor();
	}

	// The row of a mailbox in the overview, as text.
	async row(name) {
		await this.go("/");
		return this.page.getByRole("row")
			.filter({ hasText: name }).innerText();
	}

	// A handler counts when its connection is over: it may take a while.
	async rowBecomes(name, pattern) {
		const end = Date.now() + 60000;

		for (;;) {
			const row = await this.row(name);

			if (pattern.test(row))
				return;
			if (Date.now() > end)
				throw new Error(`${row} is not ${pattern}`);
			await this.page.waitForTimeout(100);
		}
	}

	async picture(name) {
		if (this.page)
			await this.page.screenshot({
				path: path.join(site.pictures, `${name}.png`),
				fullPage: true, caret: "initial",
			});
	}

	// As a person does, and as a program can; a picture where one is wanted.
	async look(name) {
		if (site.gallery)
			await this.picture(name);
		await this.expectNoSidewaysScroll();
		await this.expectAccessible();
	}

	async expectNoSidewaysScroll() {
		const [inner, outer] = await this.page.evaluate(() => [
			document.documentElement.scrollWidth,
			document.documentElement.clientWidth]);

		assert.ok(inner <= outer, `${this.page.url()} is ${inner} px ` +
			`wide in ${outer} px`);
	}

	// WCAG 2.2 AA and good practice. axe-core is a script itself.
	async expectAccessible() {
		if (!this.script)
			return;
		await this.page.evaluate(axe);
		const found = await this.page.evaluate(() => axe.run({
			resultTypes: ["violations"] }));
		const bad = found.violations.flatMap((violation) =>
			violation.nodes.map((node) => `${violation.id} ` +
				`(${violation.impact}): ${node.target} ` +
				`${node.failureSummary}`));

		assert.deepStrictEqual(bad, [], this.page.url());
	}
}

module.exports = { Visit, close };
