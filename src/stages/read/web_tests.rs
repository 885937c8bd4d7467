//! WARC archives and feeds.

use std::fs;

use super::{ReadOptions, open};
use crate::record::{Article, Rejected};

fn read(name: &str, bytes: &[u8]) -> (Vec<Article>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), bytes).unwrap();
    let (mut articles, mut rejected) = (Vec::new(), Vec::new());
    for record in open(&[folder.path().to_owned()], &ReadOptions::default()).unwrap() {
        match record {
            Ok(article) => articles.push(article),
            Err(Rejected { reason, row, .. }) => rejected.push(format!("{reason}@{}", row.unwrap_or(0))),
        }
    }
    (articles, rejected)
}

fn page(title: &str, text: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><head><title>{title}</title></head>\
         <body><article><h1>{title}</h1><p>{text} The ferry left the harbour at noon and came back in the evening, as it \
         does on every working day.</p></article></body></html>"
    )
}

fn record(kind: &str, url: &str, length: usize, content: &str) -> String {
    format!(
        "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nContent-Type: application/http; msgtype=response\r\n\
         Content-Length: {length}\r\n\r\n{content}\r\n\r\n"
    )
}

/// An archive of three pages, with other records between them; `wrong` is added to the length of the second page.
fn archive(wrong: isize) -> Vec<String> {
    let pages: Vec<String> =
        ["One.", "Two.", "Three."].iter().map(|text| page(&format!("Title {text}"), text)).collect();
    let missing = "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<html>gone</html>";
    let second = pages[1].len().checked_add_signed(wrong).unwrap();
    vec![
        record("warcinfo", "", 5, "x: y\n"),
        record("response", "https://www.daily.example.com/1", pages[0].len(), &pages[0]),
        record("response", "https://www.daily.example.com/gone", missing.len(), missing),
        record("response", "https://www.daily.example.com/2", second, &pages[1]),
        record("response", "https://www.daily.example.com/3", pages[2].len(), &pages[2]),
    ]
}

#[test]
fn pages_of_an_archive_are_read() {
    let packed: Vec<u8> = archive(0).iter().flat_map(|record| super::tests::gz(record.as_bytes())).collect();
    for (name, bytes) in [("a.warc", archive(0).concat().into_bytes()), ("a.warc.gz", packed)] {
        let (articles, rejected) = read(name, &bytes);
        assert_eq!(rejected, Vec::<String>::new());
        let shown: Vec<_> = articles.iter().map(|a| (a.id.as_str(), a.source.row, a.title.as_str())).collect();
        assert_eq!(
            shown,
            [("a-2", Some(2), "Title One."), ("a-4", Some(4), "Title Two."), ("a-5", Some(5), "Title Three.")]
        );
        assert_eq!(articles[0].url.as_deref(), Some("https://www.daily.example.com/1"));
        assert!(articles[0].text.contains("One. The ferry left"));
    }
}

#[test]
fn wrong_lengths_lose_nothing() {
    for wrong in [-250, -3, -1, 1, 3, 40, 700] {
        let (articles, rejected) = read("a.warc", archive(wrong).concat().as_bytes());
        assert_eq!(rejected, Vec::<String>::new(), "{wrong}");
        let titles: Vec<_> = articles.iter().map(|article| article.title.as_str()).collect();
        assert_eq!(titles, ["Title One.", "Title Two.", "Title Three."], "{wrong}");
        assert!(articles[1].text.contains("as it does on every working day."), "{wrong}: {}", articles[1].text);
    }
}

#[test]
fn a_length_beyond_the_file_keeps_the_pages_before() {
    let (articles, rejected) = read("a.warc", archive(1 << 40)[..4].concat().as_bytes());
    assert_eq!((articles.len(), rejected), (1, vec!["truncated@4".to_owned()]));
    let whole = archive(0).concat();
    let (articles, rejected) = read("a.warc", &whole.as_bytes()[..whole.len() - 60]);
    assert_eq!((articles.len(), rejected), (2, vec!["truncated@5".to_owned()]));
}

#[test]
fn rss_items_are_read() {
    let rss = r#"<?xml version="1.0"?><rss xmlns:dc="d" xmlns:content="c"><channel><title>The Daily &amp; Sunday</title>
        <image><title>Logo</title></image>
        <item><title>Rain &#8211; again</title><link>https://daily.example.org/rain</link><guid>r1</guid>
        <dc:creator>Ann Lee</dc:creator><pubDate>Mon, 06 Jan 2020 08:00:00 -0500</pubDate><category>Weather</category>
        <category>Local</category><description>Short.</description>
        <content:encoded><![CDATA[<p>It rained.</p><p>All <b>day</b>&nbsp;long.</p>]]></content:encoded></item>
        <item><title>Sun</title><description>&lt;p&gt;It shone &amp;amp; shone.&lt;/p&gt;</description></item></channel></rss>"#;
    let (articles, rejected) = read("feed.xml", rss.as_bytes());
    assert_eq!(rejected, Vec::<String>::new());
    let [rain, sun] = &articles[..] else { panic!("{articles:?}") };
    assert_eq!((rain.id.as_str(), rain.title.as_str()), ("r1", "Rain \u{2013} again"));
    assert_eq!(rain.text.split_whitespace().collect::<Vec<_>>().join(" "), "It rained. All day long.");
    assert!(rain.text.contains('\n'));
    assert_eq!((rain.outlet.as_deref(), rain.author.as_deref()), (Some("The Daily & Sunday"), Some("Ann Lee")));
    assert_eq!(
        (rain.section.as_deref(), rain.url.as_deref()),
        (Some("Weather"), Some("https://daily.example.org/rain"))
    );
    assert_eq!(rain.published.unwrap().date.to_string(), "2020-01-06");
    assert_eq!((sun.id.as_str(), sun.text.as_str()), ("feed-2", "It shone & shone."));
}

#[test]
fn atom_entries_are_read() {
    let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>Daily</title><entry><title type="html">Rain</title>
        <id>tag:1</id><link rel="self" href="https://x.example.org/self"/><link href="https://x.example.org/rain"/>
        <author><name>Ann</name></author><published>2020-01-06T08:00:00Z</published><updated>2020-01-07T08:00:00Z</updated>
        <content type="xhtml"><div xmlns="x"><p>It rained.</p><p>All day.</p></div></content></entry></feed>"#;
    let (articles, _) = read("feed.atom", atom.as_bytes());
    let [rain] = &articles[..] else { panic!("{articles:?}") };
    assert_eq!((rain.id.as_str(), rain.title.as_str(), rain.author.as_deref()), ("tag:1", "Rain", Some("Ann")));
    assert_eq!(rain.text.split_whitespace().collect::<Vec<_>>().join(" "), "It rained. All day.");
    assert_eq!(rain.url.as_deref(), Some("https://x.example.org/rain"));
    assert_eq!(rain.published.unwrap().date.to_string(), "2020-01-06");
}

#[test]
fn a_feed_that_breaks_off_keeps_its_items() {
    let rss = "<rss><channel><item><title>A</title></item><item><title>B";
    let (articles, rejected) = read("feed.rss", rss.as_bytes());
    assert_eq!((articles.len(), rejected), (1, vec!["truncated@2".to_owned()]));
    let (_, rejected) = read("other.xml", b"<config><a>1</a></config>");
    assert_eq!(rejected, ["no_records@0"]);
}
