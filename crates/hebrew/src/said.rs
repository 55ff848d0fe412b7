//! Readers of what a person said: the evidence against which a parser's answer is held.
//!
//! They read no meaning into a sentence. They say which hours, days and parts of the day its words can name, whether
//! it holds a yes, and which digits were spelled out.

pub(crate) mod choices;
pub(crate) mod days;
pub(crate) mod foreign;
pub(crate) mod hours;
pub(crate) mod names;
pub(crate) mod numbers;
pub(crate) mod parts;
pub(crate) mod phone;
pub(crate) mod short_forms;
pub(crate) mod taken;
pub(crate) mod tokens;
pub(crate) mod wishes;
pub(crate) mod yes;
pub(crate) mod yes_words;

#[cfg(test)]
mod agents;
