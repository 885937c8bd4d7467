// The page of a run, in a real browser: run.sh says how.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { axe, csv, launch, open } from "./browser.mjs";

const RUNS = { seeds: process.env.SEEDS_RUN, hostile: process.env.HOSTILE_RUN };
const SHOTS = process.env.SHOTS;
const WIDTHS = [390, 820, 1400];
const VOICES = ["narration", "quotes", "all", "both"];
const MOST_BYTES = 5_000_000;

for (const [name, folder] of Object.entries(RUNS)) assert.ok(folder, `the folder of the ${name} run is not given; use run.sh`);
const pageOf = (name) => join(RUNS[name], "report.html");
let browser;
before(async () => { browser = await launch(); mkdirSync(SHOTS, { recursive: true }); });
after(() => browser.close());

const choose = (page, voice) => page.locator(`input[name=voice][value=${voice}]`).check({ force: true });
const openAll = (page) => page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
const html = (page, selector) => page.locator(selector).evaluateAll((found) => found.map((element) => element.innerHTML));
function assertQuiet(seen) {
  assert.deepEqual(seen, { console: [], errors: [], requests: [], dialogs: [], pages: 0 });
}

/** Every view of the page once: each voice, each choice, each outlet's sentences, all outlets, all that folds out. */
async function exercise(page) {
  await page.locator("summary", { hasText: "Outlets" }).first().click();
  await page.locator("[data-choose=all]").click();
  await page.keyboard.press("Escape");
  await openAll(page);
  for (const voice of VOICES) await choose(page, voice);
  for (const select of await page.locator("main select").all()) {
    for (const value of await select.locator("option").evaluateAll((all) => all.map((option) => option.value))) {
      await select.selectOption(value);
    }
  }
  for (const element of await page.locator("main blockquote, main h4, main figcaption").all()) {
    if (await element.isVisible()) await element.hover({ timeout: 2000 }).catch(() => {});
  }
}

for (const name of Object.keys(RUNS)) {
  describe(`the page of the ${name} run`, () => {
    it("is under 5 MB", () => assert.ok(statSync(pageOf(name)).size < MOST_BYTES));

    it("asks the network for nothing, reports no error and runs nothing of the articles'", async () => {
      const { page, seen, close } = await open(browser, pageOf(name));
      await exercise(page);
      assert.equal(await page.evaluate(() => window.pwned), undefined);
      assertQuiet(seen);
      await close();
    });

    for (const width of WIDTHS) {
      it(`does not scroll sideways at ${width} px`, async () => {
        const { page, close } = await open(browser, pageOf(name), { width });
        const overhang = () => page.evaluate(() => {
          const root = document.documentElement;
          if (root.scrollWidth <= root.clientWidth) return [];
          const wide = [...document.querySelectorAll("main *, header *, form *")].filter((e) =>
            e.getBoundingClientRect().right > root.clientWidth + 1 && !e.closest(".scroll"));
          return [root.scrollWidth, ...wide.slice(0, 4).map((e) => e.outerHTML.slice(0, 120))];
        });
        await page.screenshot({ path: join(SHOTS, `${name}-${width}.png`), fullPage: true });
        assert.deepEqual(await overhang(), []);
        await exercise(page);
        await page.screenshot({ path: join(SHOTS, `${name}-${width}-open.png`), fullPage: true });
        assert.deepEqual(await overhang(), [], "with everything open");
        await close();
      });
    }

    for (const [colorScheme, width] of [["light", 1400], ["dark", 1400], ["light", 390]]) {
      it(`has no serious accessibility finding, ${colorScheme}, ${width} px`, async () => {
        const { page, close } = await open(browser, pageOf(name), { colorScheme, width });
        assert.deepEqual(await axe(page), []);
        await exercise(page);
        assert.deepEqual(await axe(page), [], "with everything open");
        await page.screenshot({ path: join(SHOTS, `${name}-${colorScheme}-${width}.png`), fullPage: true });
        await close();
      });
    }

    it("shows its default views and no dead controls without a script", async () => {
      const { page, seen, close } = await open(browser, pageOf(name), { javaScriptEnabled: false });
      assert.ok(await page.locator("#framing svg").count() > 0);
      assert.equal(await page.locator("form, select").filter({ visible: true }).count(), 0);
      assertQuiet(seen);
      await close();
    });

    it("prints", async () => {
      const { page, close } = await open(browser, pageOf(name));
      const sheets = await page.pdf({ path: join(SHOTS, `${name}.pdf`) });
      assert.ok(sheets.length > 10_000);
      assert.ok(await page.locator("main details").evaluateAll((all) => all.every((d) => d.open)), "all is unfolded on paper");
      await close();
    });
  });
}

describe("what the reader chooses is what is shown", () => {
  let opened;
  before(async () => { opened = await open(browser, pageOf("seeds")); });
  after(() => opened.close());

  it("the table of frames has the numbers of outlets.csv, voice by voice", async () => {
    const { page } = opened;
    const estimates = new Map(csv(join(RUNS.seeds, "outlets.csv"))
      .filter((row) => row.period === "all" && row.part === "all" && row.statistic === "share_sentences")
      .map((row) => [[row.outlet, row.voice, row.measure].join("|"), Number(row.estimate)]));
    const frames = JSON.parse(readFileSync(join(RUNS.seeds, "run.json"), "utf8")).scheme.frames;
    for (const voice of ["narration", "quotes", "all"]) {
      await choose(page, voice);
      const shown = await page.locator("table.heat").evaluate((table) => ({
        outlets: [...table.querySelectorAll("thead th")].slice(1).map((th) => th.textContent.trim()),
        rows: [...table.querySelectorAll("tbody tr")].map((tr) => [...tr.children].map((cell) => cell.firstChild.textContent.trim())),
      }));
      assert.equal(shown.rows.length, frames.length);
      let compared = 0;
      for (const [label, ...cells] of shown.rows) {
        const frame = frames.find((known) => label.toLowerCase().startsWith(known.label.toLowerCase()));
        assert.ok(frame, `no frame is called ${label}`);
        cells.forEach((cell, at) => {
          const estimate = estimates.get([shown.outlets[at], voice, `frame_${frame.name}`].join("|"));
          if (estimate === undefined) return;
          assert.ok(Math.abs(parseFloat(cell) - 100 * estimate) <= 0.51, `${label}, ${shown.outlets[at]}, ${voice}: ${cell} for ${estimate}`);
          compared += 1;
        });
      }
      assert.equal(compared, frames.length * shown.outlets.length);
    }
    await choose(page, "narration");
  });

  it("another voice gives other charts, tables and captions, and the first gives the first again", async () => {
    const { page } = opened;
    const shown = async () => (await html(page, "[data-panel], [data-view=heat], [data-view=terms]")).join();
    const seen = new Set();
    for (const voice of VOICES) {
      await choose(page, voice);
      seen.add(await shown());
    }
    assert.equal(seen.size, VOICES.length);
    assert.match(await page.locator("#framing .showing").innerText(), /narration against quotes/);
    await choose(page, "narration");
    assert.ok(seen.has(await shown()));
    assert.doesNotMatch(await page.locator("#framing .showing").innerText(), /quotes/);
  });

  it("each frame has its own charts, under its own name", async () => {
    const { page } = opened;
    const block = page.locator("#framing .multiples");
    const seen = new Set();
    const options = await block.locator("select option").evaluateAll((all) => all.map((o) => [o.value, o.textContent]));
    for (const [value, label] of options) {
      await block.locator("select").selectOption(value);
      assert.equal(await block.locator("[data-choice-label]").innerText(), label);
      seen.add((await html(page, "#framing [data-panel]")).join());
    }
    assert.equal(seen.size, options.length);
  });

  it("outlets come and go", async () => {
    const { page } = opened;
    const panels = () => page.locator("#framing figure").filter({ visible: true }).count();
    const outlets = await page.locator("input[name=outlet]").count();
    assert.equal(await panels(), outlets);
    await page.locator("summary", { hasText: "Outlets" }).first().click();
    await page.locator("[data-choose=none]").click();
    assert.equal(await panels(), 0);
    await page.locator("input[name=outlet]").nth(1).check();
    assert.equal(await panels(), 1);
    const name = (await page.locator("#framing figcaption b").filter({ visible: true }).innerText()).trim();
    assert.ok((await page.locator(".picker-list label").nth(1).innerText()).includes(name));
    assert.equal(await page.locator("table.heat thead th").filter({ visible: true }).count(), 2);
    await page.locator("[data-choose=all]").click();
    assert.equal(await panels(), outlets);
    await page.keyboard.press("Escape");
  });

  it("sentences can be had from one outlet", async () => {
    const { page } = opened;
    await openAll(page);
    const options = await page.locator("#sentence-outlet option").evaluateAll((all) => all.map((o) => [o.value, o.textContent]));
    for (const [value, name] of options.slice(1)) {
      await page.locator("#sentence-outlet").selectOption(value);
      const from = await page.locator("#sentences li p > b").allInnerTexts();
      assert.ok(from.length > 0 && from.every((outlet) => outlet === name), `${name}: ${from}`);
    }
    await page.locator("#sentence-outlet").selectOption("");
    assert.ok(new Set(await page.locator("#sentences li p > b").allInnerTexts()).size > 1);
  });

  it("light and dark can be switched", async () => {
    const { page } = opened;
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const first = await background();
    await page.locator("#theme").click();
    assert.notEqual(await background(), first);
    await page.locator("#theme").click();
    assert.equal(await background(), first);
  });
});

describe("the keyboard is enough", () => {
  const focused = (page) => page.evaluate(() => {
    const e = document.activeElement;
    return { tag: e.tagName, text: (e.textContent || "").trim().slice(0, 30), name: e.name || e.id, href: e.getAttribute("href") };
  });

  it("reaches every control, shows where it is, and is never caught", async () => {
    const { page, close } = await open(browser, pageOf("seeds"));
    await page.keyboard.press("Tab");
    assert.equal((await focused(page)).href, "#framing", "the first stop skips to the charts");
    const met = await page.evaluate(() => {
      const stops = "a[href], button, select, summary, input, [tabindex='0']";
      const shown = (e) => e.checkVisibility() && !e.closest("details:not([open]) > :not(summary)");
      window.toReach = [...document.querySelectorAll(stops)].filter((e) => shown(e) && !(e.type === "radio" && !e.checked));
      return window.toReach.length;
    });
    assert.ok(met > 10);
    const unmarked = new Set();
    // The browser stops at what scrolls, too.
    for (let stop = 0; stop < 2 * met && (await page.evaluate(() => window.toReach.length)) > 0; stop += 1) {
      const state = await page.evaluate(() => {
        const e = document.activeElement;
        window.toReach = window.toReach.filter((other) => other !== e);
        const marks = [e, e.nextElementSibling, e.parentElement].filter(Boolean).map((m) => getComputedStyle(m));
        const marked = marks.some((s) => (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none");
        return { marked, at: e.outerHTML.slice(0, 80) };
      });
      if (!state.marked) unmarked.add(state.at);
      await page.keyboard.press("Tab");
    }
    assert.deepEqual(await page.evaluate(() => window.toReach.map((e) => e.outerHTML.slice(0, 80))), []);
    assert.deepEqual([...unmarked], []);
    await close();
  });

  it("chooses voice, frame and outlets", async () => {
    const { page, close } = await open(browser, pageOf("seeds"));
    const before = (await html(page, "#framing [data-panel]")).join();
    await page.locator("input[name=voice][value=narration]").focus();
    await page.keyboard.press("ArrowRight");
    assert.ok(await page.locator("input[name=voice][value=quotes]").isChecked());
    const quotes = (await html(page, "#framing [data-panel]")).join();
    assert.notEqual(quotes, before);
    await page.locator("#framing select").focus();
    await page.keyboard.press("ArrowDown");
    assert.notEqual((await html(page, "#framing [data-panel]")).join(), quotes);
    await page.locator(".picker > summary").focus();
    await page.keyboard.press("Enter");
    await page.locator("input[name=outlet]").first().focus();
    await page.keyboard.press("Space");
    assert.ok(!(await page.locator("#framing figure").first().isVisible()));
    await page.keyboard.press("Escape");
    assert.equal((await focused(page)).tag, "SUMMARY");
    assert.ok(!(await page.locator(".picker-list").isVisible()));
    await close();
  });
});

describe("hostile articles stay text", () => {
  it("the flags that would tell of a break-out do work", async () => {
    const page = await browser.newPage();
    await page.setContent("<img src=x onerror=\"window.pwned='control'\">");
    await page.waitForFunction(() => window.pwned === "control");
    await page.close();
  });

  it("is shown as it stands", async () => {
    const { page, close } = await open(browser, pageOf("hostile"));
    const text = await page.evaluate(() => document.body.textContent);
    for (const part of ["<img src=x onerror=window.pwned='outlet'>", "=cmd|'/c calc'!A1", "money <script>", "{{ 7 * 7 }}", "Unbreakbreak"]) {
      assert.ok(text.includes(part), `${part} is not on the page`);
    }
    await close();
  });

  it("makes no element, handler or address", async () => {
    const { page, close } = await open(browser, pageOf("hostile"));
    const check = () => page.evaluate(() => {
      const all = [...document.querySelectorAll("*")];
      return {
        scripts: all.filter((e) => e.tagName === "SCRIPT").length,
        strange: all.filter((e) => ["IMG", "IFRAME", "OBJECT", "EMBED", "BASE", "LINK", "AUDIO", "VIDEO", "USE", "IMAGE", "FOREIGNOBJECT"]
          .includes(e.tagName.toUpperCase())).map((e) => e.outerHTML.slice(0, 100)),
        handlers: all.flatMap((e) => [...e.attributes]).filter((a) => /^on/i.test(a.name)).map((a) => a.value),
        addresses: all.flatMap((e) => [...e.attributes]).filter((a) => /^(xlink:)?href$|^src$|^action$|^formaction$/i.test(a.name))
          .map((a) => a.value).filter((value) => !/^(https?:\/\/|#)/.test(value)),
        autofocus: all.filter((e) => e.autofocus).length,
      };
    });
    const clean = { scripts: 2, strange: [], handlers: [], addresses: [], autofocus: 0 };
    assert.deepEqual(await check(), clean);
    await exercise(page);
    assert.deepEqual(await check(), clean);
    assert.ok(await page.locator("main a[href^=http]").count() > 0, "plain addresses are still links");
    await close();
  });

  it("the policy holds even if markup got in", async () => {
    const { page, seen, close } = await open(browser, pageOf("hostile"));
    await page.evaluate(() => {
      const div = document.createElement("div");
      div.innerHTML = "<img src=x onerror=\"window.pwned='policy'\"><svg onload=\"window.pwned='policy'\"></svg>";
      document.body.append(div);
      const script = document.createElement("script");
      script.textContent = "window.pwned='policy'";
      document.body.append(script);
    });
    await page.waitForTimeout(300);
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    assert.ok(seen.console.some((line) => line.includes("Content Security Policy")));
    await close();
  });
});
