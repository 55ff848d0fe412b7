//! extract_appointment_request: what the caller asked for, by a language model, dated by code.
