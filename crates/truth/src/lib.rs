//! The ledger of what the server really did in a call, and the guard that holds speech until it is true.
