//! The schema while gateways change: how it is migrated and by which rule, what older gateways find in it, and what its
//! triggers keep up.

mod rules;
