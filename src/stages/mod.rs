//! The six stages, in order. A stage uses [`crate::record`] and what stands before it, never what comes after.

pub mod aggregate;
pub mod clean;
pub mod infer;
pub mod read;
pub mod report;
pub mod segment;
