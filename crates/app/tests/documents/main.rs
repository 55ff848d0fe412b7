//! The documents in `docs/` that state a format are held against the code that reads or writes it: an example that is out of
//! date fails here.

mod markdown;
mod settings;
mod webhooks;
