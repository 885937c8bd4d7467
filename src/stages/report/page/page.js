"use strict";
// The page's drawings come ready from framescope; this script puts the chosen ones in place and hides outlets not chosen.
(async () => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);

  const theme = one("#theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  theme.addEventListener("click", () => {
    const now = document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
    document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
  });
  addEventListener("beforeprint", () => all("main details").forEach((details) => { details.open = true; }));
  one("#tools").hidden = false;

  const chosen = () => new Set(all("input[name=outlet]:checked").map((box) => box.value));
  function showOutlets() {
    const outlets = chosen();
    all("[data-o]").forEach((element) => { element.hidden = !outlets.has(element.dataset.o); });
    one("#chosen-count").textContent = `${outlets.size} of ${all("input[name=outlet]").length}`;
  }
  showOutlets();
  all("input[name=outlet]").forEach((box) => box.addEventListener("change", showOutlets));
  all("[data-choose]").forEach((button) => button.addEventListener("click", () => {
    const which = button.dataset.choose;
    all("input[name=outlet]").forEach((box) => {
      box.checked = which === "all" || (which === "first" && "first" in box.dataset);
    });
    showOutlets();
  }));
  const picker = one(".picker");
  document.addEventListener("click", (event) => { if (!picker.contains(event.target)) picker.open = false; });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && picker.open) { picker.open = false; one("summary", picker).focus(); }
  });

  if (typeof DecompressionStream === "undefined") {
    one(".voices").disabled = true;
    one(".voices").title = "This browser cannot unpack the other views";
    return;
  }
  const packed = Uint8Array.from(atob(JSON.parse(one("#views").textContent)), (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const views = JSON.parse(await new Response(unpacked).text());
  all(".choose").forEach((row) => { row.hidden = false; });

  const voice = () => one("input[name=voice]:checked").value;
  // Tables show one voice; where the charts show two, they show narration.
  const single = () => (voice() === "both" ? "narration" : voice());
  const names = { narration: "narration", quotes: "quotes", all: "all sentences", both: "narration against quotes" };

  function showMultiples(block) {
    const select = one("[data-choice]", block);
    const option = select && select.selectedOptions[0];
    const name = select ? select.value : block.dataset.only;
    const panels = views[`${name}/${voice()}`] || [];
    all("[data-panel]", block).forEach((panel, at) => { panel.innerHTML = panels[at] || ""; });
    if (option) {
      one("[data-choice-label]", block).textContent = option.textContent;
      one("[data-choice-shows]", block).textContent = option.dataset.shows;
      one("[data-choice-about]", block).textContent = option.dataset.about;
    }
    one("[data-voice-name]", block).textContent = names[voice()];
    one("[data-key-both]", block).hidden = voice() !== "both";
  }
  function showTables() {
    all("[data-voice-name]").filter((name) => !name.closest(".multiples")).forEach((name) => {
      name.textContent = names[single()];
    });
    all("[data-view=heat]").forEach((body) => { body.innerHTML = views[`heat/${single()}`][0]; });
    // Sentences of both voices have no n-grams of their own.
    const words = single() === "quotes" ? "quotes" : "narration";
    all("[data-ngram-voice]").forEach((name) => { name.textContent = words; });
    const ngrams = views[`ngrams/${words}`] || [];
    all("[data-view=ngrams]").forEach((card, at) => { card.innerHTML = ngrams[at] || ""; });
    const terms = views[`terms/${single()}`] || [];
    all("[data-view=terms]").forEach((card, at) => { card.innerHTML = terms[at] || ""; });
  }
  function showVoice() {
    all(".multiples").forEach(showMultiples);
    showTables();
    showOutlets();
  }
  all("input[name=voice]").forEach((button) => button.addEventListener("change", showVoice));
  all(".multiples").forEach((block) => {
    const select = one("[data-choice]", block);
    if (select) select.addEventListener("change", () => showMultiples(block));
  });

  const story = one("#story");
  if (story) {
    const sides = ["left", "right"].map((side) => ({ side, select: one(`#story-${side}`) }));
    const showVersion = ({ side, select }) => {
      one(`[data-version=${side}]`).innerHTML = views[`story/${story.value}`][Number(select.value)];
    };
    const showStory = () => {
      const { outlets, left, right } = story.selectedOptions[0].dataset;
      sides.forEach(({ side, select }) => {
        select.replaceChildren(...JSON.parse(outlets).map((name, at) => new Option(name, at)));
        select.value = side === "left" ? left : right;
        showVersion({ side, select });
      });
    };
    story.addEventListener("change", showStory);
    sides.forEach((side) => side.select.addEventListener("change", () => showVersion(side)));
    showStory();
  }

  const sentences = all("[data-view^='sentences/']").map((list) => ({ list, overall: list.innerHTML }));
  one("#sentence-outlet").addEventListener("change", (event) => {
    const outlet = event.target.value;
    sentences.forEach(({ list, overall }) => {
      list.innerHTML = outlet === "" ? overall : views[list.dataset.view][Number(outlet)];
    });
  });
})();
