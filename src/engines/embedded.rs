//! rten.
