//! Bytes of one file: hashed as they are read, unpacked where they are compressed, guarded against bombs, and counted as they
//! are used.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::records::Failure;

/// How much of a file's beginning decides on format, delimiter and encoding.
pub(super) const SAMPLE_BYTES: usize = 256 << 10;
/// Unpacked bytes below which any rate of compression is accepted.
const FREE_EXPANSION: u64 = 64 << 20;

/// What has been read of a file so far.
struct Tally {
    sha256: Mutex<Sha256>,
    bytes: AtomicU64,
    /// Bytes that came of them; None where the file is not compressed.
    unpacked: Option<AtomicU64>,
    progress: Arc<AtomicU64>,
}

struct Counted {
    file: File,
    tally: Arc<Tally>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.tally.sha256.lock().unwrap_or_else(PoisonError::into_inner).update(&buffer[..n]);
        self.tally.bytes.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// The file behind a stream: gives its sha256 and size once the stream has been dropped.
pub(super) struct RawFile {
    rest: Counted,
}

impl RawFile {
    /// Reads what the stream left unread, so that the hash is the whole file's: lower-case hex and bytes.
    pub fn finish(mut self) -> (String, u64) {
        // A read error ends the hash where it stands: the records' reader has met and reported the same error.
        let _ = io::copy(&mut self.rest, &mut io::sink());
        let tally = &self.rest.tally;
        let digest = tally.sha256.lock().unwrap_or_else(PoisonError::into_inner).clone().finalize();
        (digest.iter().map(|byte| format!("{byte:02x}")).collect(), tally.bytes.load(Ordering::Relaxed))
    }
}

/// Compression around a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// The unpacked bytes of a file, still in the file's encoding.
pub(super) type Bytes = Box<dyn BufRead + Send>;

/// Tells how much of a file has been used. What is read is no measure of it: a small file is read whole to find its format.
#[derive(Clone)]
pub(super) struct Meter {
    tally: Arc<Tally>,
}

impl Meter {
    #[cfg(test)]
    pub fn of_nothing() -> Self {
        let (sha256, bytes, progress) = (Mutex::default(), AtomicU64::default(), Arc::default());
        Self { tally: Arc::new(Tally { sha256, bytes, unpacked: None, progress }) }
    }

    pub fn around(self, bytes: impl BufRead + Send + 'static) -> Bytes {
        Box::new(Metered { bytes, meter: self, used: 0 })
    }
}

struct Metered<R> {
    bytes: R,
    meter: Meter,
    used: u64,
}

impl<R> Metered<R> {
    fn tell(&mut self, n: usize) {
        self.used += n as u64;
        let tally = &self.meter.tally;
        let packed = match &tally.unpacked {
            None => self.used,
            Some(unpacked) => {
                let share = self.used as f64 / unpacked.load(Ordering::Relaxed).max(1) as f64;
                (tally.bytes.load(Ordering::Relaxed) as f64 * share.min(1.0)) as u64
            }
        };
        tally.progress.fetch_max(packed, Ordering::Relaxed);
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.bytes.read(buffer)?;
        self.tell(n);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Metered<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.bytes.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.bytes.consume(n);
        self.tell(n);
    }
}

/// Opens a file. The compression is found by its first bytes, whatever the name says. `progress` is this file's own.
pub(super) fn open(path: &Path, progress: &Arc<AtomicU64>, max_expansion: u64) -> io::Result<(RawFile, Bytes, Meter)> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let head = read_up_to(&mut file, SAMPLE_BYTES, size)?;
    let compression = Compression::of(&head);
    let tally = Arc::new(Tally {
        sha256: Mutex::new(Sha256::new_with_prefix(&head)),
        bytes: AtomicU64::new(head.len() as u64),
        unpacked: (compression != Compression::None).then(AtomicU64::default),
        progress: Arc::clone(progress),
    });
    let rest = Counted { file: file.try_clone()?, tally: Arc::clone(&tally) };
    let raw = Counted { file, tally: Arc::clone(&tally) };
    // A small file, of which folders have many, is in the head whole: the buffer behind it meets the end only.
    let capacity = if head.len() < SAMPLE_BYTES { 4 << 10 } else { 128 << 10 };
    let packed = io::Cursor::new(head).chain(BufReader::with_capacity(capacity, raw));
    let meter = Meter { tally: Arc::clone(&tally) };
    let bytes: Bytes = match compression {
        Compression::None => Box::new(packed),
        Compression::Gzip => guarded(flate2::bufread::MultiGzDecoder::new(packed), tally, max_expansion),
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(packed)?;
            decoder.window_log_max(27)?;
            guarded(decoder, tally, max_expansion)
        }
    };
    Ok((RawFile { rest }, bytes, meter))
}

fn guarded(decoder: impl Read + Send + 'static, tally: Arc<Tally>, max_expansion: u64) -> Bytes {
    Box::new(BufReader::with_capacity(128 << 10, Guarded { decoder, tally, unpacked: 0, max_expansion, failed: None }))
}

/// Ends a stream that expands beyond all reason. An error is given again at every later read: a decoder that failed
/// may else look as if it had come to a good end.
struct Guarded<R> {
    decoder: R,
    tally: Arc<Tally>,
    unpacked: u64,
    max_expansion: u64,
    failed: Option<Broken>,
}

#[derive(Debug, Clone)]
enum Broken {
    Bomb(Bomb),
    Stream(io::ErrorKind, String),
}

impl<R: Read> Guarded<R> {
    fn unpack(&mut self, buffer: &mut [u8]) -> Result<usize, Broken> {
        let n = loop {
            match self.decoder.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result.map_err(|error| Broken::Stream(error.kind(), error.to_string()))?,
            }
        };
        self.unpacked += n as u64;
        if let Some(unpacked) = &self.tally.unpacked {
            unpacked.store(self.unpacked, Ordering::Relaxed);
        }
        let packed = self.tally.bytes.load(Ordering::Relaxed);
        if self.unpacked > FREE_EXPANSION && self.unpacked > packed.saturating_mul(self.max_expansion) {
            return Err(Broken::Bomb(Bomb { unpacked: self.unpacked, packed }));
        }
        Ok(n)
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.failed.is_none() {
            match self.unpack(buffer) {
                Ok(n) => return Ok(n),
                Err(broken) => self.failed = Some(broken),
            }
        }
        Err(match self.failed.clone() {
            Some(Broken::Stream(kind, message)) => io::Error::new(kind, message),
            Some(Broken::Bomb(bomb)) => io::Error::other(bomb),
            None => io::Error::other("unreachable state of the decoder"),
        })
    }
}

#[derive(Debug, Clone, thiserror::Error)]
#[error("{packed} compressed bytes became {unpacked}")]
struct Bomb {
    unpacked: u64,
    packed: u64,
}

/// The failure that a read error stands for; it ends the file, and the records before it are kept.
pub(super) fn read_failure(error: &io::Error, row: Option<u64>) -> Failure {
    let (reason, advice) = match error.kind() {
        _ if error.get_ref().is_some_and(|inner| inner.is::<Bomb>()) => {
            ("decompression_bomb", "it expands beyond all reason; unpack it yourself if it is what you want to read")
        }
        io::ErrorKind::UnexpectedEof => {
            ("truncated", "the file ends early; the records before this point were read. Fetch or export it again")
        }
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
            ("corrupt", "the file is damaged here; the records before this point were read. Fetch or export it again")
        }
        _ => ("unreadable", "the rest of the file could not be read; check the disk and the permissions"),
    };
    Failure::new(reason, format!("{error}: {advice}")).at(row).ending()
}

/// Reads until `limit` bytes or the end, of which `expected` are likely to come. An error after some bytes is left for the
/// next read to meet.
pub(super) fn read_up_to(reader: &mut (impl Read + ?Sized), limit: usize, expected: u64) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(limit.min(expected as usize + 1));
    match Read::take(&mut *reader, limit as u64).read_to_end(&mut head) {
        Err(error) if head.is_empty() => Err(error),
        _ => Ok(head),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(content: &[u8]) -> (io::Result<Vec<u8>>, (String, u64)) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let (raw, mut bytes, _) = open(file.path(), &Arc::default(), 200).unwrap();
        let mut all = Vec::new();
        let result = bytes.read_to_end(&mut all);
        drop(bytes);
        (result.map(|_| all), raw.finish())
    }

    #[test]
    fn compression_is_seen_through_and_the_raw_file_hashed() {
        let two = [gz(b"one "), gz(b"two")].concat();
        let (all, (sha256, bytes)) = read(&two);
        assert_eq!(all.unwrap(), b"one two");
        assert_eq!(bytes, two.len() as u64);
        let expected: String = Sha256::digest(&two).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(sha256, expected);
        assert_eq!(read(&zstd::encode_all(&b"three"[..], 3).unwrap()).0.unwrap(), b"three");
        assert_eq!(read(b"plain").0.unwrap(), b"plain");
    }

    #[test]
    fn damage_has_a_name() {
        let reason = |content: &[u8]| read_failure(&read(content).0.unwrap_err(), None).reason;
        let packed = gz(&(0..20_000u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>());
        assert_eq!(reason(&packed[..packed.len() / 2]), "truncated");
        assert_eq!(reason(&gz(&vec![0; 80 << 20])), "decompression_bomb");
        let mut damaged = packed.clone();
        let at = damaged.len() - 6;
        damaged[at] ^= 0xff;
        assert_eq!(reason(&damaged), "corrupt");
    }
}
