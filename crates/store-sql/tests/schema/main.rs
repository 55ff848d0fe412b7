//! The schema while gateways change: how it is migrated and by which rule, what older gateways find in it, and what its
//! triggers keep up.

#[path = "../postgres/mod.rs"]
mod fresh;
mod migrating;
mod older_gateways;
mod raw;
mod rules;
#[path = "../support/mod.rs"]
mod support;
mod turns;
mod upgrades;
