//! Configuration, composition, start and drain of the gateway.
