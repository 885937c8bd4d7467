// Opens a run's page in headless Chromium and keeps account of everything that must not happen.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: QUIET });

/** Opens `file`; `seen` fills with console errors, page errors, requests and dialogs. */
export async function open(browser, file, { width = 1400, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, ...options });
  const page = await context.newPage();
  const seen = { console: [], errors: [], requests: [], dialogs: [], pages: 0 };
  const address = pathToFileURL(file).href;
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) seen.console.push(message.text());
  });
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("dialog", (dialog) => { seen.dialogs.push(dialog.message()); dialog.dismiss(); });
  page.on("request", (request) => {
    const url = request.url().split("#")[0];
    if (url !== address) seen.requests.push(url);
  });
  context.on("page", () => { seen.pages += 1; });
  await page.goto(address);
  if (options.javaScriptEnabled !== false) {
    await page.waitForFunction(() => [...document.querySelectorAll(".choose")].every((row) => !row.hidden));
  }
  return { page, seen, close: () => context.close() };
}

/** Serious and critical findings of axe, each with the elements it is about. */
export async function axe(page) {
  await page.evaluate(`${AXE}; void 0`);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const grave = found.violations.filter((rule) => ["serious", "critical"].includes(rule.impact));
  return grave.map((rule) => ({ rule: rule.id, help: rule.help, where: rule.nodes.slice(0, 5).map((n) => n.html.slice(0, 160)) }));
}

/** Rows of a CSV file as objects. */
export function csv(file) {
  const text = readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  const rows = [[""]];
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    const row = rows[rows.length - 1];
    if (letter === '"' && quoted && text[at + 1] === '"') { row[row.length - 1] += '"'; at += 1; }
    else if (letter === '"') quoted = !quoted;
    else if (letter === "," && !quoted) row.push("");
    else if (letter === "\n" && !quoted) rows.push([""]);
    else row[row.length - 1] += letter;
  }
  const [names, ...cells] = rows.filter((row) => row.length > 1);
  return cells.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])));
}
