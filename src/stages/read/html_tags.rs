//! Tags as HTML's tokenizer sees them, for what looks through a page before it is parsed.

use memchr::{memchr, memchr_iter};

/// What a `<` begins.
pub(super) enum Markup<'a> {
    Tag(Tag<'a>),
    /// No tag: from behind the `<`, a comment, a declaration, or text.
    Other(&'a [u8]),
}

/// A start or an end tag.
pub(super) struct Tag<'a> {
    pub name: &'a [u8],
    pub closes: bool,
    /// Everything behind the name.
    pub attributes: &'a [u8],
}

impl Tag<'_> {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// The next tag, comment or declaration; `at` is then behind it. Who meets the start of a script or the like moves `at` on by
/// [`raw_text`].
pub(super) fn next<'a>(bytes: &'a [u8], at: &mut usize) -> Option<Markup<'a>> {
    *at += memchr(b'<', &bytes[*at..])? + 1;
    let rest = &bytes[*at..];
    let closes = rest.first() == Some(&b'/');
    let tag = &rest[usize::from(closes)..];
    if !tag.first().is_some_and(u8::is_ascii_alphabetic) {
        *at += declaration(rest);
        return Some(Markup::Other(rest));
    }
    let name = name(tag);
    let behind = &tag[name.len()..];
    let attributes = &behind[..attributes(behind)];
    *at += usize::from(closes) + name.len() + attributes.len();
    Some(Markup::Tag(Tag { name, closes, attributes }))
}

/// `<p-x>` is no `<p>`: a name goes on to the next space, `/` or `>`.
pub(super) fn name(tag: &[u8]) -> &[u8] {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>');
    &tag[..tag.iter().position(ends).unwrap_or(tag.len())]
}

/// Bytes behind a `<` that opens no tag: a comment, or what counts as one. Zero where the `<` is text.
fn declaration(rest: &[u8]) -> usize {
    let to = |end: &[u8], from: usize| {
        memchr::memmem::find(&rest[from..], end).map_or(rest.len(), |found| from + found + end.len())
    };
    match rest {
        [b'!', b'-', b'-', b'>', ..] => 4,
        [b'!', b'-', b'-', b'-', b'>', ..] => 5,
        [b'!', b'-', b'-', ..] => to(b"-->", 3).min(to(b"--!>", 3)),
        [b'!' | b'?' | b'/', ..] => to(b">", 1),
        _ => 0,
    }
}

/// Bytes from the end of a tag's name to behind its `>`. A quotation mark means something only behind a `=`.
fn attributes(rest: &[u8]) -> usize {
    let mut at = 0;
    let skip = |at: usize, stops: fn(u8) -> bool| {
        rest[at..].iter().position(|byte| stops(*byte)).map_or(rest.len(), |found| at + found)
    };
    loop {
        at = skip(at, |byte| !byte.is_ascii_whitespace() && byte != b'/');
        match rest.get(at) {
            None => return rest.len(),
            Some(b'>') => return at + 1,
            // A `=` in the first place belongs to the name.
            Some(_) => at = skip(at + 1, |byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'=')),
        }
        let value = skip(at, |byte| !byte.is_ascii_whitespace());
        if rest.get(value) != Some(&b'=') {
            continue;
        }
        at = skip(value + 1, |byte| !byte.is_ascii_whitespace());
        at = match rest.get(at) {
            Some(mark @ (b'"' | b'\'')) => memchr(*mark, &rest[at + 1..]).map_or(rest.len(), |end| at + end + 2),
            _ => skip(at, |byte| byte.is_ascii_whitespace() || byte == b'>'),
        };
    }
}

/// Bytes up to the `<` of the end tag.
pub(super) fn raw_text(rest: &[u8], end: &[u8]) -> usize {
    let ends = |at: &usize| rest[at + 1..].get(..end.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(end));
    memchr_iter(b'<', rest).find(ends).unwrap_or(rest.len())
}
