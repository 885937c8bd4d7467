//! Stage: read.
