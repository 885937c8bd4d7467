//! Deterministic engine.
