//! Traits to the outside world with their fault taxonomy, and in-memory fakes.
