//! The HTTP response inside a WARC record.

use std::borrow::Cow;
use std::io::Read;

use super::records::Failure;
use super::warc::find;

/// A successful response with an HTML page.
#[derive(Debug, PartialEq)]
pub(super) struct Response {
    pub body: Vec<u8>,
    /// The encoding that the header names.
    pub charset: Option<String>,
}

impl Response {
    /// None where the response is no success, or its body no page.
    pub fn parse(bytes: &[u8], limit: usize) -> Result<Option<Self>, Failure> {
        let (head, body) = split(bytes);
        let head = String::from_utf8_lossy(head);
        let mut lines = head.lines();
        let status = lines.next().unwrap_or_default();
        if !status.starts_with("HTTP/") || status.split_whitespace().nth(1) != Some("200") {
            return Ok(None);
        }
        let headers: Vec<(String, &str)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()))
            .collect();
        let header = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value);
        let content_type = header("content-type").unwrap_or_default().to_ascii_lowercase();
        let chunked = header("transfer-encoding").is_some_and(|value| value.to_ascii_lowercase().contains("chunked"));
        let body = if chunked { without_chunks(body) } else { Cow::Borrowed(body) };
        if !(content_type.contains("html") || (content_type.is_empty() && find(&body, b"<html").is_some())) {
            return Ok(None);
        }
        let body = unpacked(&body, header("content-encoding").unwrap_or_default(), limit)?;
        let charset = content_type
            .split_once("charset=")
            .map(|(_, rest)| rest.split(';').next().unwrap_or_default().trim_matches(['"', '\'', ' ']).to_owned());
        Ok(Some(Self { body, charset }))
    }
}

fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let crlf = find(bytes, b"\r\n\r\n").map(|at| (at, 4));
    let lf = find(&bytes[..crlf.map_or(bytes.len(), |(at, _)| at)], b"\n\n").map(|at| (at, 2));
    match lf.or(crlf) {
        Some((at, gap)) => (&bytes[..at], &bytes[at + gap..]),
        None => (bytes, &[]),
    }
}

/// Joins the chunks. Many archives keep the header of a body that they stored joined: such a body is taken as it is.
fn without_chunks(body: &[u8]) -> Cow<'_, [u8]> {
    let mut joined = Vec::new();
    let mut rest = body;
    while let Some(end) = rest.iter().take(64).position(|byte| *byte == b'\n') {
        let size = String::from_utf8_lossy(&rest[..end]);
        let Ok(size) = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16) else { break };
        let chunk = &rest[end + 1..];
        if size == 0 {
            return Cow::Owned(joined);
        }
        joined.extend_from_slice(&chunk[..size.min(chunk.len())]);
        let after = &chunk[size.min(chunk.len())..];
        rest = after.strip_prefix(b"\r\n").or_else(|| after.strip_prefix(b"\n")).unwrap_or(after);
    }
    if joined.is_empty() { Cow::Borrowed(body) } else { Cow::Owned(joined) }
}

fn unpacked(body: &[u8], encoding: &str, limit: usize) -> Result<Vec<u8>, Failure> {
    let limit = (limit as u64).min(super::html::MAX_PAGE_BYTES as u64) + 1;
    let mut page = Vec::new();
    // A body that was stored unpacked may still carry the header.
    let result = match (encoding.to_ascii_lowercase().as_str(), body) {
        (_, [0x1f, 0x8b, ..]) => flate2::read::MultiGzDecoder::new(body).take(limit).read_to_end(&mut page),
        ("deflate", [0x78, ..]) => flate2::read::ZlibDecoder::new(body).take(limit).read_to_end(&mut page),
        ("zstd", [0x28, 0xb5, 0x2f, 0xfd, ..]) => {
            zstd::stream::read::Decoder::new(body).and_then(|decoder| decoder.take(limit).read_to_end(&mut page))
        }
        ("br", _) if std::str::from_utf8(body).is_err() => {
            let detail = "the page is compressed with Brotli, which is not read; fetch it with gzip or none";
            return Err(Failure::new("unsupported_encoding", detail));
        }
        _ => return Ok(body.to_vec()),
    };
    match result {
        Ok(_) => Ok(page),
        Err(error) => Err(Failure::new("corrupt_page", format!("the page's compression is damaged: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn parse(head: &str, body: &[u8]) -> Option<Vec<u8>> {
        let bytes = [head.as_bytes(), b"\r\n\r\n", body].concat();
        Response::parse(&bytes, 1 << 20).unwrap().map(|response| response.body)
    }

    #[test]
    fn only_pages_that_were_found_are_taken() {
        assert_eq!(parse("HTTP/1.1 200 OK\r\nContent-Type: text/html", b"<p>").unwrap(), b"<p>");
        assert_eq!(parse("HTTP/1.1 404 Not Found\r\nContent-Type: text/html", b"<p>"), None);
        assert_eq!(parse("HTTP/1.1 200 OK\r\nContent-Type: image/png", b"x"), None);
        assert_eq!(parse("", b""), None);
    }

    #[test]
    fn bodies_are_joined_and_unpacked() {
        let chunked = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked";
        assert_eq!(parse(chunked, b"4\r\n<p>a\r\n3\r\nbcd\r\n0\r\n\r\n").unwrap(), b"<p>abcd");
        assert_eq!(parse(chunked, b"<p>stored joined").unwrap(), b"<p>stored joined");
        assert_eq!(parse(chunked, b"ffffffffffffff\r\nshort").unwrap(), b"short");
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(b"<p>packed").unwrap();
        let packed = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=\"utf-8\"\r\nContent-Encoding: gzip";
        assert_eq!(parse(packed, &gz.finish().unwrap()).unwrap(), b"<p>packed");
    }
}
