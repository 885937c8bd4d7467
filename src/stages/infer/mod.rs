//! Stage: infer.
