//! Storage traits, the booking desk, an in-memory store, and the conformance suite.
