//! Which column feeds which field: the names that common exports use.

/// A field of an article that a column can feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ColumnField {
    Id,
    Title,
    Deck,
    Text,
    Outlet,
    Author,
    Date,
    Url,
    Section,
}

impl ColumnField {
    /// Every field.
    pub const ALL: &'static [Self] = &[
        Self::Id,
        Self::Title,
        Self::Deck,
        Self::Text,
        Self::Outlet,
        Self::Author,
        Self::Date,
        Self::Url,
        Self::Section,
    ];

    /// The name used in `--map`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Title => "title",
            Self::Deck => "deck",
            Self::Text => "text",
            Self::Outlet => "outlet",
            Self::Author => "author",
            Self::Date => "date",
            Self::Url => "url",
            Self::Section => "section",
        }
    }

    /// Column names in order of preference, lower case without punctuation. Where a record has several, the first one
    /// that is not empty is taken.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Id => &[
                "id",
                "articleid",
                "storiesid",
                "storyid",
                "docid",
                "documentid",
                "recordid",
                "newsid",
                "uid",
                "uuid",
                "guid",
                "gkgrecordid",
                "accessionnumber",
                "proquestdocumentid",
                "storeid",
            ],
            Self::Title => &[
                "title",
                "headline",
                "articletitle",
                "articleheadline",
                "newstitle",
                "newsheadline",
                "headlinemain",
                "mainheadline",
                "documenttitle",
                "webtitle",
                "pagetitle",
                "headlines",
                "storytitle",
            ],
            Self::Deck => &[
                "deck",
                "dek",
                "standfirst",
                "subtitle",
                "subheadline",
                "subheading",
                "subhead",
                "subtitel",
                "secondaryheadline",
            ],
            Self::Text => &[
                "text",
                "body",
                "content",
                "articletext",
                "articlebody",
                "articlecontent",
                "fulltext",
                "bodytext",
                "maintext",
                "maincontent",
                "plaintext",
                "storytext",
                "storybody",
                "newstext",
                "newscontent",
                "documenttext",
                "textbody",
                "article",
                "story",
                "contents",
                "rawtext",
            ],
            Self::Outlet => &[
                "outlet",
                "outletname",
                "newsoutlet",
                "mediaoutlet",
                "publication",
                "publicationname",
                "publicationtitle",
                "pubtitle",
                "medianame",
                "newspaper",
                "newspapername",
                "sourcename",
                "sourcetitle",
                "publisher",
                "publishername",
                "sitename",
                "newssource",
                "source",
                "website",
                "sourcecommonname",
                "site",
                "domain",
                "sourcedomain",
                "mediaurl",
                "sourceid",
            ],
            Self::Author => &[
                "author",
                "authors",
                "byline",
                "bylineoriginal",
                "authorname",
                "articleauthor",
                "dccreator",
                "creator",
                "writer",
                "reporter",
                "journalist",
            ],
            Self::Date => &[
                "published",
                "publishedat",
                "publishdate",
                "datepublished",
                "publicationdate",
                "publisheddate",
                "datepublish",
                "pubdate",
                "publishtime",
                "publishedtime",
                "publishedon",
                "webpublicationdate",
                "firstpublicationdate",
                "articledate",
                "date",
                "datetime",
                "publishedutc",
                "seendate",
                "timestamp",
                "createdat",
                "entrydate",
                "sqldate",
            ],
            Self::Url => &[
                "url",
                "link",
                "articleurl",
                "weburl",
                "newsurl",
                "storyurl",
                "pageurl",
                "canonicalurl",
                "permalink",
                "documentidentifier",
                "uri",
                "href",
                "articlelink",
                "documenturl",
                "sourceurl",
            ],
            Self::Section => &[
                "section",
                "sectionname",
                "newsdesk",
                "desk",
                "topic",
                "category",
                "topics",
                "categories",
                "rubric",
                "newscategory",
            ],
        }
    }
}

/// Columns that hold a part or a summary of the text: used for the text only in a file that has no better one.
const SUMMARIES: &[&str] = &[
    "leadparagraph",
    "lead",
    "lede",
    "hlead",
    "description",
    "summary",
    "shortdescription",
    "abstract",
    "snippet",
    "excerpt",
];

/// Objects of nested records whose members count as the record's own (`fields.bodyText`).
const ENVELOPES: &[&str] =
    &["fields", "article", "doc", "document", "metadata", "meta", "attributes", "record", "story"];

/// How a column was recognised: its field, and its place in the order of preference (lower is better).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recognised {
    pub field: ColumnField,
    pub rank: u16,
    /// It holds a summary, to be used only where no full text exists.
    pub summary: bool,
}

/// Lower case, letters and digits only: `Publish_Date`, `publishDate` and `publish date` are one.
pub(super) fn normalise(column: &str) -> String {
    column.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Recognises a column by its name; nested members come as `parent.member`.
pub(super) fn recognise(column: &str) -> Option<Recognised> {
    // Elasticsearch keeps the record in `_source`; a plain `source` describes the outlet.
    let column = column.strip_prefix("_source.").unwrap_or(column);
    by_name(&normalise(column)).or_else(|| {
        let (parent, member) = column.rsplit_once('.')?;
        let parent = normalise(parent.rsplit('.').next()?);
        if !ENVELOPES.contains(&parent.as_str()) {
            return None;
        }
        by_name(&normalise(member)).map(|found| Recognised { rank: found.rank + 100, ..found })
    })
}

fn by_name(name: &str) -> Option<Recognised> {
    for &field in ColumnField::ALL {
        if let Some(rank) = field.names().iter().position(|known| *known == name) {
            return Some(Recognised { field, rank: rank as u16, summary: false });
        }
    }
    let rank = SUMMARIES.iter().position(|known| *known == name)?;
    Some(Recognised { field: ColumnField::Text, rank: 200 + rank as u16, summary: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(column: &str) -> Option<&'static str> {
        recognise(column).map(|found| found.field.name())
    }

    #[test]
    fn names_of_common_exports_are_recognised() {
        let exports: &[(&str, &[(&str, &str)])] = &[
            ("Media Cloud", &[("stories_id", "id"), ("publish_date", "date"), ("media_name", "outlet")]),
            ("NELA-GT", &[("content", "text"), ("source", "outlet"), ("published_utc", "date")]),
            ("GDELT", &[("seendate", "date"), ("DocumentIdentifier", "url"), ("SourceCommonName", "outlet")]),
            ("ProQuest", &[("pubtitle", "outlet"), ("Full Text", "text"), ("ProQuest document ID", "id")]),
            ("LexisNexis", &[("Headline", "title"), ("Byline", "author"), ("Publication", "outlet")]),
            ("All the News", &[("article", "text"), ("publication", "outlet"), ("section", "section")]),
            ("Guardian", &[("fields.bodyText", "text"), ("webTitle", "title"), ("webPublicationDate", "date")]),
            ("news-please", &[("maintext", "text"), ("date_publish", "date"), ("source_domain", "outlet")]),
            ("News API", &[("source.name", "outlet"), ("publishedAt", "date"), ("description", "text")]),
            ("New York Times", &[("headline.main", "title"), ("web_url", "url"), ("news_desk", "section")]),
            ("Elasticsearch", &[("_source.title", "title"), ("_source.body", "text")]),
        ];
        for (export, columns) in exports {
            for (column, expected) in *columns {
                assert_eq!(field(column), Some(*expected), "{export}: {column}");
            }
        }
    }

    #[test]
    fn what_only_looks_alike_is_left_alone() {
        for column in ["image.url", "image.title", "language", "n_words", "Unnamed: 0", "", "label"] {
            assert_eq!(field(column), None, "{column}");
        }
        assert!(recognise("description").unwrap().summary);
    }
}
