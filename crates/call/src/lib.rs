//! CallEngine: one call as a state machine without I/O, clock or tasks.
