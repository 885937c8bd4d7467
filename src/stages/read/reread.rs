//! A stream that can be given back what was read too far.

use std::io::{self, BufRead, Read};

use super::stream::Bytes;

/// A stream into which bytes can be put back.
pub(super) struct Rereadable {
    again: io::Cursor<Vec<u8>>,
    bytes: Bytes,
}

impl Rereadable {
    pub fn new(bytes: Bytes) -> Self {
        Self { again: io::Cursor::new(Vec::new()), bytes }
    }

    /// Puts bytes back: they are read next.
    pub fn again_first(&mut self, mut bytes: Vec<u8>) {
        let at = (self.again.position() as usize).min(self.again.get_ref().len());
        bytes.extend_from_slice(&self.again.get_ref()[at..]);
        self.again = io::Cursor::new(bytes);
    }
}

impl Read for Rereadable {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.again.read(buffer)? {
            0 => self.bytes.read(buffer),
            n => Ok(n),
        }
    }
}

impl BufRead for Rereadable {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.again.position() < self.again.get_ref().len() as u64 {
            return self.again.fill_buf();
        }
        self.bytes.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        if self.again.position() < self.again.get_ref().len() as u64 {
            self.again.consume(n);
        } else {
            self.bytes.consume(n);
        }
    }
}
