//! Control API: HTTP in, messages to actors, JSON out.
