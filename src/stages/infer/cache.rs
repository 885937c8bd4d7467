//! Scores kept between runs: tomorrow's run over the same collection plus one day scores one day.
//!
//! An SQLite file, which several processes may read and write at a time. An entry's key is a hash of everything that a score
//! depends on (program version, engine, models, heads, scorer, scheme) and one of the text; its value carries a checksum. A file that is no
//! sound cache is thrown away and begun again, a value that fails its checksum counts as not there, and a cache that cannot be
//! used never stops a run: scores are the same without it.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use sha2::{Digest, Sha256};

use crate::record::Scores;

/// An open cache for one set of models and settings.
pub struct Cache {
    inner: Mutex<Inner>,
}

struct Inner {
    /// `None` once it could not be used.
    connection: Option<Connection>,
    setup: [u8; 16],
    most_bytes: u64,
    note: Option<String>,
}

const FILE: &str = "scores.sqlite";
/// Raised when the meaning of a value changes.
const LAYOUT: i32 = 1;
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS scores (
    setup BLOB NOT NULL, text BLOB NOT NULL, used INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY (setup, text)
) WITHOUT ROWID";
/// How long another process may hold the file.
const PATIENCE: Duration = Duration::from_secs(20);
/// An entry's day is noted again when it is used this much later.
const FRESH_SECONDS: i64 = 24 * 3600;

impl Cache {
    /// Opens, or begins, the cache of a folder. `setup` is everything that a score depends on besides the text.
    ///
    /// What went wrong, if anything did, is in [`Cache::note`].
    pub fn open(folder: &Path, setup: &str, most_bytes: u64) -> Self {
        let path = folder.join(FILE);
        let (connection, note) = match open_or_begin(folder, &path) {
            Ok((connection, note)) => (Some(connection), note),
            Err(error) => (None, Some(format!("the cache {} cannot be used: {error}", path.display()))),
        };
        let setup = Sha256::digest(setup.as_bytes())[..16].try_into().expect("a digest has 32 bytes");
        Self { inner: Mutex::new(Inner { connection, setup, most_bytes, note }) }
    }

    /// What a reader of the run has to know: that the file was damaged and begun again, or that it could not be used.
    pub fn note(&self) -> Option<String> {
        self.lock().note.clone()
    }

    /// The scores of each text that are kept, by the texts' keys.
    pub fn get(&self, keys: &[[u8; 16]]) -> Vec<Option<Scores>> {
        let mut inner = self.lock();
        let found = inner.using(|connection, setup| get(connection, setup, keys));
        found.unwrap_or_else(|| vec![None; keys.len()])
    }

    /// Keeps the scores of some texts.
    pub fn put<'a>(&self, entries: impl Iterator<Item = (&'a [u8; 16], &'a Scores)>) {
        let mut inner = self.lock();
        let most_bytes = inner.most_bytes;
        inner.using(|connection, setup| {
            put(connection, setup, entries)?;
            make_room(connection, most_bytes)
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().expect("nothing panics while it holds the cache")
    }
}

impl Inner {
    /// After a failure the cache is left alone for the rest of the run.
    fn using<T>(&mut self, act: impl FnOnce(&mut Connection, &[u8; 16]) -> rusqlite::Result<T>) -> Option<T> {
        let done = act(self.connection.as_mut()?, &self.setup);
        done.map_err(|error| {
            self.note = Some(format!("the cache was used for a part of the run only: {error}"));
            self.connection = None;
        })
        .ok()
    }
}

/// `cache` folder of the user, as the platform has it.
pub fn default_folder() -> Option<PathBuf> {
    let of = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = if cfg!(windows) {
        of("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        std::env::home_dir().map(|home| home.join("Library/Caches"))
    } else {
        of("XDG_CACHE_HOME").or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
    };
    base.map(|base| base.join("framescope"))
}

/// A damaged file gives way to a new one; the note says so.
fn open_or_begin(folder: &Path, path: &Path) -> Result<(Connection, Option<String>), String> {
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    match open_sound(path) {
        Ok(connection) => Ok((connection, None)),
        Err(error) if is_damage(&error) => {
            for end in ["", "-wal", "-shm"] {
                let mut name = path.as_os_str().to_owned();
                name.push(end);
                let gone = std::fs::remove_file(PathBuf::from(name));
                gone.or_else(|e| if e.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(e) })
                    .map_err(|error| error.to_string())?;
            }
            let connection = open_sound(path).map_err(|error| error.to_string())?;
            Ok((connection, Some(format!("the cache {} was damaged and is begun again", path.display()))))
        }
        Err(error) => Err(error.to_string()),
    }
}

fn open_sound(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A power cut may lose the last entries; it cannot damage the file.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    let layout: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if layout != LAYOUT {
        connection.execute_batch("DROP TABLE IF EXISTS scores")?;
        connection.pragma_update(None, "user_version", LAYOUT)?;
    }
    connection.execute_batch(SCHEMA)?;
    let sound: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if sound == "ok" { Ok(connection) } else { Err(damage()) }
}

fn damage() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), None)
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

fn get(connection: &mut Connection, setup: &[u8; 16], keys: &[[u8; 16]]) -> rusqlite::Result<Vec<Option<Scores>>> {
    let now = seconds_now();
    let mut old: Vec<&[u8; 16]> = Vec::new();
    let mut found = Vec::with_capacity(keys.len());
    {
        let mut query = connection.prepare_cached("SELECT value, used FROM scores WHERE setup = ?1 AND text = ?2")?;
        for key in keys {
            let row = query.query_row(params![setup.as_slice(), key.as_slice()], |row| {
                Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?))
            });
            found.push(row.optional()?.and_then(|(value, used)| {
                if now - used > FRESH_SECONDS {
                    old.push(key);
                }
                decode(key, &value)
            }));
        }
    }
    if !old.is_empty() {
        let transaction = connection.transaction()?;
        for key in old {
            transaction
                .prepare_cached("UPDATE scores SET used = ?3 WHERE setup = ?1 AND text = ?2")?
                .execute(params![setup.as_slice(), key.as_slice(), now])?;
        }
        transaction.commit()?;
    }
    Ok(found)
}

fn put<'a>(
    connection: &mut Connection,
    setup: &[u8; 16],
    entries: impl Iterator<Item = (&'a [u8; 16], &'a Scores)>,
) -> rusqlite::Result<()> {
    let now = seconds_now();
    let transaction = connection.transaction()?;
    for (key, scores) in entries {
        transaction
            .prepare_cached("INSERT OR REPLACE INTO scores (setup, text, used, value) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![setup.as_slice(), key.as_slice(), now, encode(key, scores)])?;
    }
    transaction.commit()
}

/// Deletes the quarter of the entries that were used longest ago, as often as it takes.
fn make_room(connection: &mut Connection, most_bytes: u64) -> rusqlite::Result<()> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    loop {
        let in_use = (number("page_count")? - number("freelist_count")?) * number("page_size")?;
        let entries: i64 = if in_use as u64 <= most_bytes {
            0
        } else {
            connection.query_row("SELECT count(*) FROM scores", [], |row| row.get(0))?
        };
        if entries == 0 {
            return Ok(());
        }
        connection.execute(
            "DELETE FROM scores WHERE (setup, text) IN (SELECT setup, text FROM scores ORDER BY used LIMIT ?1)",
            params![entries / 4 + 1],
        )?;
    }
}

fn seconds_now() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

/// Little-endian: checksum, place of the best frame or [`NO_FRAME`], then its share, tone, loaded and the frames.
fn encode(key: &[u8; 16], scores: &Scores) -> Vec<u8> {
    let (place, share) = scores.top_frame.map_or((NO_FRAME, 0.0), |(place, share)| (place as u32, share));
    let numbers = [share, scores.tone[0], scores.tone[1], scores.tone[2], scores.loaded];
    let body = place.to_le_bytes().into_iter();
    let body: Vec<u8> =
        body.chain(numbers.iter().chain(&scores.frames).flat_map(|number| number.to_le_bytes())).collect();
    [checksum(key, &body).as_slice(), &body].concat()
}

const NO_FRAME: u32 = u32::MAX;

/// `None` for anything but what [`encode`] wrote for this key.
fn decode(key: &[u8; 16], value: &[u8]) -> Option<Scores> {
    let (sum, body) = value.split_at_checked(8)?;
    if sum != checksum(key, body) {
        return None;
    }
    let (place, numbers) = body.split_at_checked(4)?;
    let place = u32::from_le_bytes(place.try_into().ok()?);
    let (numbers, rest) = numbers.as_chunks::<4>();
    let numbers: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let (&[share, negative, neutral, positive, loaded], frames) = numbers.split_first_chunk::<5>()?;
    let top_frame = (place != NO_FRAME).then_some((place as usize, share));
    let sound = rest.is_empty() && top_frame.is_none_or(|(place, _)| place < frames.len());
    let frames = frames.to_vec();
    sound.then_some(Scores { tone: [negative, neutral, positive], loaded, frames, top_frame })
}

fn checksum(key: &[u8; 16], body: &[u8]) -> [u8; 8] {
    let digest = Sha256::new().chain_update(key).chain_update(body).finalize();
    digest[..8].try_into().expect("a digest has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(x: f32) -> Scores {
        Scores { tone: [x, 0.25, 0.75 - x], loaded: 0.1, frames: vec![x, 1.0 - x], top_frame: Some((1, x)) }
    }

    fn key(n: u32) -> [u8; 16] {
        Sha256::digest(n.to_le_bytes())[..16].try_into().unwrap()
    }

    const ROOM: u64 = 1 << 30;

    #[test]
    fn what_was_kept_is_found_again_only_under_its_own_setup() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), "models a", ROOM);
        let none = Scores { top_frame: None, frames: vec![], ..scores(0.5) };
        cache.put([(&key(1), &scores(0.3)), (&key(2), &none)].into_iter());
        let again = Cache::open(folder.path(), "models a", ROOM);
        assert_eq!(again.get(&[key(2), key(3), key(1)]), [Some(none), None, Some(scores(0.3))]);
        assert_eq!(Cache::open(folder.path(), "models b", ROOM).get(&[key(1)]), [None]);
        assert_eq!(again.note(), None);
    }

    #[test]
    fn a_changed_value_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        Cache::open(folder.path(), "a", ROOM).put([(&key(1), &scores(0.3))].into_iter());
        let sound = encode(&key(1), &scores(0.3));
        let connection = Connection::open(folder.path().join(FILE)).unwrap();
        for byte in 0..sound.len() {
            let mut changed = sound.clone();
            changed[byte] ^= 4;
            connection.execute("UPDATE scores SET value = ?1", params![changed]).unwrap();
            assert_eq!(Cache::open(folder.path(), "a", ROOM).get(&[key(1)]), [None], "byte {byte}");
        }
        for cut in 0..sound.len() {
            assert_eq!(decode(&key(1), &sound[..cut]), None);
        }
        assert_eq!(decode(&key(2), &sound), None, "another text's value");
    }

    #[test]
    fn a_damaged_file_is_begun_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let cache = Cache::open(folder.path(), "a", ROOM);
        let many: Vec<_> = (0..2000).map(|n| (key(n), scores(0.5))).collect();
        cache.put(many.iter().map(|(key, scores)| (key, scores)));
        drop(cache);
        let sound = std::fs::read(&path).unwrap();
        let mut in_the_middle = sound.clone();
        let half = sound.len() / 2;
        in_the_middle[half..half + 4096].fill(0xa5);
        for damaged in [b"not a database at all, but text".repeat(50), sound[..5000].to_vec(), in_the_middle] {
            std::fs::write(&path, damaged).unwrap();
            let cache = Cache::open(folder.path(), "a", ROOM);
            assert!(cache.note().unwrap().contains("begun again"), "{:?}", cache.note());
            assert_eq!(cache.get(&[key(1)]), [None]);
            cache.put([(&key(1), &scores(0.3))].into_iter());
            assert_eq!(cache.get(&[key(1)]), [Some(scores(0.3))]);
        }
    }

    #[test]
    fn it_stays_within_its_size_and_loses_the_oldest_first() {
        let folder = tempfile::tempdir().unwrap();
        let most = 400_000;
        let cache = Cache::open(folder.path(), "a", most);
        cache.put([(&key(0), &scores(0.1))].into_iter());
        let clock = Connection::open(folder.path().join(FILE)).unwrap();
        for batch in 1..40 {
            // A minute passes: entries of one second have no order.
            clock.execute("UPDATE scores SET used = used - 60", []).unwrap();
            let many: Vec<_> = (0..500).map(|n| (key(batch * 1000 + n), scores(0.5))).collect();
            cache.put(many.iter().map(|(key, scores)| (key, scores)));
        }
        drop(clock);
        assert_eq!(cache.note(), None);
        assert_eq!(cache.get(&[key(0)]), [None]);
        assert!(cache.get(&[key(39_499)])[0].is_some());
        drop(cache);
        let bytes = std::fs::metadata(folder.path().join(FILE)).unwrap().len();
        assert!(bytes < 2 * most, "{bytes}");
    }

    #[test]
    fn two_at_a_time_keep_what_both_write() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let folder = folder.path();
                scope.spawn(move || {
                    let cache = Cache::open(folder, "a", ROOM);
                    for n in 0..50 {
                        cache.put([(&key(writer * 1000 + n), &scores(0.5))].into_iter());
                    }
                    assert_eq!(cache.note(), None);
                });
            }
        });
        let keys: Vec<_> = (0..4).flat_map(|writer| (0..50).map(move |n| key(writer * 1000 + n))).collect();
        let found = Cache::open(folder.path(), "a", ROOM).get(&keys);
        assert!(found.iter().all(Option::is_some));
    }

    #[test]
    fn where_nothing_can_be_written_the_run_goes_on_without() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a file");
        std::fs::write(&file, "").unwrap();
        let cache = Cache::open(&file, "a", ROOM);
        cache.put([(&key(1), &scores(0.3))].into_iter());
        assert_eq!(cache.get(&[key(1)]), [None]);
        assert!(cache.note().unwrap().contains("cannot be used"));
    }
}
