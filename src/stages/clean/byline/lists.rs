//! What bylines are made of, in lower case.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

type Words = LazyLock<FxHashSet<&'static str>>;

/// What an author is; an outlet may stand in front.
pub const ROLES: &[&str] = &[
    "staff writer",
    "staff writers",
    "staff reporter",
    "staff",
    "senior writer",
    "senior reporter",
    "political reporter",
    "reporter",
    "correspondent",
    "senior correspondent",
    "political correspondent",
    "white house correspondent",
    "washington correspondent",
    "staff correspondent",
    "foreign correspondent",
    "editor",
    "associate editor",
    "senior editor",
    "political editor",
    "columnist",
    "opinion columnist",
    "opinion contributor",
    "contributor",
    "contributing writer",
    "contributing editor",
    "producer",
    "columnists",
    "guest columnist",
    "guest contributor",
    "staff photographer",
    "bureau chief",
    "opinion editor",
    "writer",
];

/// Words that papers are called by.
pub static OUTLET_WORDS: Words = LazyLock::new(|| {
    "news times post ledger tribune herald journal gazette courier chronicle observer guardian daily press media \
     magazine review report examiner inquirer dispatch sentinel telegraph star sun globe register bulletin record \
     radio tv television network wire online politico cnn npr bbc cnbc msnbc nbc abc cbs thread monitor atlantic \
     today republic nation yorker"
        .split(' ')
        .collect()
});

/// Written small inside names, and the articles of titles.
pub static PARTICLES: Words =
    LazyLock::new(|| "de da del della di du la le van von der den bin al el the of".split(' ').collect());

/// Days and months are written large, too; "May" is a name as well.
pub static CALENDAR: Words = LazyLock::new(|| {
    "january jan february feb march mar april apr june july august aug september sept sep october oct november \
     nov december dec monday mon tuesday tue wednesday wed thursday thu friday fri saturday sat sunday"
        .split(' ')
        .collect()
});
