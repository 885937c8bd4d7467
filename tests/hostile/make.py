"""Writes a hostile collection: markup, formulas, odd addresses and odd Unicode in every field that a table or the page shows.

    python3 tests/hostile/make.py DIR

DIR then holds `=articles+.jsonl`, `scheme.toml` (a frame scheme) and `terms.tsv` (a word list), all hostile; score them with
`--frames DIR/scheme.toml --lexicon DIR/terms.tsv`. Whatever gets to run in a page sets `window.pwned`. Needs only Python.
"""

import datetime
import json
import pathlib
import sys

SCRIPT = "<script>window.pwned='{}'</script>"
IMAGE = "<img src=x onerror=\"window.pwned='{}'\">"
VECTOR = "\"><svg onload=window.pwned='{}'>"
BREAKOUT = "</script></style></title><script>window.pwned='{}'</script>"
HANDLER = "' onmouseover='window.pwned=1' autofocus onfocus='alert(1)' x='"
ESCAPED = "&lt;script&gt;window.pwned='{}'&lt;/script&gt;"
TEMPLATE = "{{{{ 7 * 7 }}}} ${{7*7}} {{% include 'page.html' %}} {}"
COMMENT = "<!-- {} --!> ]]> <![CDATA["
RIGHT_TO_LEFT = "\u202eevil\u202c \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 {}"
LONG_WORD = "Un" + "break" * 60 + "able"
MARKUP = [SCRIPT, IMAGE, VECTOR, BREAKOUT, ESCAPED, TEMPLATE, COMMENT, RIGHT_TO_LEFT]
# What a spreadsheet would run. Each opens a cell.
FORMULAS = ["=HYPERLINK(\"x\",\"{}\")", "+1+cmd|'/c calc'!A1 {}", "-2+3 {}", "@SUM(1) {}", "\t=1 {}", "\uff1d1+1 {}"]
ADDRESSES = [
    "javascript:window.pwned='address'",
    "JaVaScRiPt:window.pwned='case'",
    " \tjavascript:window.pwned='space'",
    "data:text/html,<script>parent.pwned='data'</script>",
    "vbscript:msgbox(1)",
    "https://example.org/\" onclick=\"window.pwned='attribute'",
    "//example.org/protocol-relative",
    "file:///etc/passwd",
    "https://example.org/" + "deep/" * 80,
    "https://example.org/plain",
]
OUTLETS = [
    "=cmd|'/c calc'!A1",
    "<img src=x onerror=window.pwned='outlet'>",
    "\u202eDaily \u05e9\u05dc\u05d5\u05dd\u202c",
    LONG_WORD,
    "Post & \"Mail\" '</script><b>",
    "@The, Hill\nPost; \u2028Weekly",
]
# Plain sentences between the hostile ones, so that every article is English and every measure has something to read.
PLAIN = [
    "The council voted on Monday to raise the price of water for every household in the city.",
    "Police arrested nine people at the gate, and a judge released seven of them within a day.",
    "Teachers say that the cuts will cost the district forty posts and two school libraries.",
    "The radical scheme is a disgraceful betrayal of hard-working families, and voters know it.",
    "Doctors at the clinic treated sixty patients during the outbreak, most of them children.",
    "A company that owns the mine promised new jobs and cleaner air before the end of the year.",
    "The invasion of outsiders has become a catastrophic flood that nobody in charge will stop.",
    "The mayor and the governor disagree about who should pay to repair the bridge.",
]


def paragraphs(number):
    plain = [PLAIN[(number + k) % len(PLAIN)] for k in range(5)]
    plain[1] = plain[1][:-1] + f" {MARKUP[number % len(MARKUP)].format('body')}."
    quoted = f"\u201cThis is a disgrace {MARKUP[(number + 3) % len(MARKUP)].format('quote')} and a betrayal,\u201d said Ann {HANDLER} Lee."
    formula = FORMULAS[number % len(FORMULAS)].format("opens the paragraph")
    return [
        f"{plain[0]} {plain[1]}",
        quoted,
        f"{formula} and the price of bread rose again this week, according to the ministry.",
        f"{plain[2]} The word {LONG_WORD} stands here. {plain[3]}",
        "- ADVERTISEMENT -",
        f"{IMAGE.format('line')} {plain[4]}",
    ]


def records(articles=60):
    for number in range(articles):
        title = (FORMULAS + MARKUP)[number % 14].format("title") + f" {number}"
        if number % 9 == 8:
            title = LONG_WORD + title
        yield {
            "id": f"{['=1+', '<b>', '@', '', '-'][number % 5]}{number}'\"&",
            "title": title,
            "text": "\n\n".join(paragraphs(number)),
            "outlet": OUTLETS[number % len(OUTLETS)],
            "author": ["=1+1", SCRIPT.format("author"), "+A", None][number % 4],
            "date": str(datetime.date(2026, 1, 5) + datetime.timedelta(days=2 * number)),
            "url": ADDRESSES[number % len(ADDRESSES)],
            "section": ["-news", IMAGE.format("section"), "@home", None][number % 4],
        }
    yield {"id": "=REJECTED()", "title": "", "text": "  ", "outlet": OUTLETS[0]}


def scheme():
    """Labels and descriptions reach the page, hypotheses the model."""
    quote = json.dumps  # A JSON string of these characters is a TOML basic string.
    frames = [
        ("money", f"money {SCRIPT.format('label')}", f"Prices and costs. {BREAKOUT.format('description')}"),
        ("order", f"crime {HANDLER}", f"Police and courts. {IMAGE.format('description')}"),
        ("health", f"=health {TEMPLATE.format('label')}", f"Doctors and patients. {LONG_WORD}"),
    ]
    head = f'name = "hostile"\ntitle = {quote(VECTOR.format("scheme"))}\ndescription = "Hostile."\nsource = {quote(SCRIPT.format("source"))}\n'
    return head + "".join(
        f'\n[[frame]]\nname = "{name}"\nlabel = {quote(label)}\ndescription = {quote(about)}\n'
        f'hypotheses = ["This text is about {name}."]\n'
        for name, label, about in frames
    )


def terms():
    return (
        "term\tcategory\tstrength\tneutral\n"
        f"disgrace\tmoral_condemnation\t2\t=1+1 {SCRIPT.format('neutral')}\n"
        f"disgraceful betrayal\tmoral_condemnation\t3\t{IMAGE.format('neutral')}\n"
        "price of bread\t=category\t1\t@neutral\n"
    )


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records())
    (folder / "=articles+.jsonl").write_text(lines, encoding="utf-8")
    (folder / "scheme.toml").write_text(scheme(), encoding="utf-8")
    (folder / "terms.tsv").write_text(terms(), encoding="utf-8")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
