/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two comforts, and no function: copying a value, and figures that stay up to
 * date. Without this file every page does all it can.
 */
"use strict";

(() => {
	const REFRESH_MS = 30000;

	/* --- copying and printing ------------------------------------------- */

	function textBeside(button) {
		return button.parentNode.querySelector("code").textContent;
	}

	async function copy(button) {
		const label = button.textContent;

		await navigator.clipboard.writeText(textBeside(button));
		button.textContent = button.dataset.copied;
		document.getElementById("said").textContent =
			button.dataset.copied;
		setTimeout(() => {
			button.textContent = label;
			document.getElementById("said").textContent = "";
		}, 2000);
	}

	function showButtons() {
		if (navigator.clipboard)
			for (const button of document.querySelectorAll("button.copy")) {
				button.hidden = false;
				button.addEventListener("click", () => copy(button));
			}
		for (const button of document.querySelectorAll("button.print")) {
			button.hidden = false;
			button.addEventListener("click", () => window.print());
		}
	}

	/* --- figures --------------------------------------------------------- */

	/* The page is asked for as it is, and what is marked as live replaced. */
	async function refresh() {
		const answer = await fetch(location.href, {
			headers: { "X-Restante-Refresh": "1" },
			redirect: "error",
		});
		if (!answer.ok)
			return;
		const fresh = new DOMParser().parseFromString(
			await answer.text(), "text/html");
		for (const old of document.querySelectorAll("[data-live]")) {
			const now = fresh.getElementById(old.id);

			if (now && !old.contains(document.activeElement))
				old.replaceWith(document.adoptNode(now));
		}
		showButtons();
	}

	function keepFresh() {
		if (!document.querySelector("[data-live]"))
			return;
		setInterval(() => {
			if (!document.hidden)
				refresh().catch(() => {});
		}, REFRESH_MS);
	}

	showButtons();
	keepFresh();
})();
