//! The output folder, looked at before hours of scoring and not after.

use std::path::{Path, PathBuf};

use walkdir::DirEntry;

use super::hold::Held;
use crate::error::{Error, Result};

/// Bytes of a run folder and its checkpoint for each byte of text read, and what any run takes. On 6,000 articles,
/// sentences, articles, removals and checkpoint were about 1.3 bytes a byte, and the tables of 379 small outlets another 15:
/// a run of many small outlets needs more than is asked for here.
const BYTES_A_BYTE: u64 = 2;
const BYTES_A_RUN: u64 = 32 << 20;
/// How much text a compressed byte unpacks to, about.
const UNPACKED: u64 = 3;

/// Makes the folder, keeps others from writing to it, tries to write in it and compares the room on its disk with what the run will take at least.
///
/// # Errors
/// A folder that cannot be made or written, or that another run writes to, or a disk without the room.
pub(super) fn prepare(output: &Path, inputs: &[PathBuf]) -> Result<Held> {
    std::fs::create_dir_all(output).map_err(Error::io(output))?;
    let held = Held::new(output)?;
    let fail = |reason: String| Error::Run { path: output.to_owned(), reason };
    tempfile::NamedTempFile::new_in(output).map_err(|e| fail(format!("cannot be written: {e}")))?;
    let free = fs4::available_space(output).map_err(Error::io(output))?;
    match missing(expected(inputs), free) {
        Some(reason) => Err(fail(reason)),
        None => Ok(held),
    }
}

/// Files under each input and their bytes together: a collection that grew or shrank cannot be resumed, since the chunks
/// that are done would not be its first ones.
pub(super) fn input_sizes(inputs: &[PathBuf]) -> Vec<(usize, u64)> {
    let size = |input: &PathBuf| files(input).fold((0, 0), |(files, bytes), (_, size)| (files + 1, bytes + size));
    inputs.iter().map(size).collect()
}

fn files(input: &Path) -> impl Iterator<Item = (DirEntry, u64)> {
    let found = walkdir::WalkDir::new(input).follow_links(true).into_iter().filter_map(Result::ok);
    found.filter_map(|file| {
        let metadata = file.metadata().ok()?;
        metadata.is_file().then_some((file, metadata.len()))
    })
}

/// Bytes that the run folder will take at least.
fn expected(inputs: &[PathBuf]) -> u64 {
    let text = |(file, bytes): (DirEntry, u64)| {
        let packed = file.path().extension().is_some_and(|e| e == "gz" || e == "zst");
        bytes.saturating_mul(if packed { UNPACKED } else { 1 })
    };
    let text = inputs.iter().flat_map(|input| files(input)).map(text).fold(0u64, u64::saturating_add);
    text.saturating_mul(BYTES_A_BYTE).saturating_add(BYTES_A_RUN)
}

/// What to say where `free` bytes are too few.
fn missing(expected: u64, free: u64) -> Option<String> {
    let megabytes = |bytes: u64| bytes.div_ceil(1 << 20);
    (free < expected).then(|| {
        format!(
            "has no room: the run will take {} MB or more and {} MB are free; free some, or name a folder on another \
             disk with -o",
            megabytes(expected),
            megabytes(free)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compressed_input_counts_for_what_it_unpacks_to() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a.jsonl"), vec![b'x'; 1000]).unwrap();
        let plain = expected(&[at("a.jsonl")]);
        std::fs::rename(at("a.jsonl"), at("a.jsonl.gz")).unwrap();
        let packed = expected(&[folder.path().to_owned()]);
        assert_eq!((plain - BYTES_A_RUN, packed - BYTES_A_RUN), (2000, 6000));
        assert_eq!(expected(&[at("absent")]), BYTES_A_RUN);
    }

    #[test]
    fn too_little_room_is_said_in_megabytes() {
        assert_eq!(missing(100 << 20, 100 << 20), None);
        let reason = missing(100 << 20, (100 << 20) - 1).unwrap();
        assert!(reason.contains("100 MB or more") && reason.contains("-o"), "{reason}");
    }

    #[test]
    fn an_output_that_is_a_file_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(prepare(file.path(), &[]).is_err());
    }
}
