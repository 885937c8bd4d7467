//! Stage: aggregate.
