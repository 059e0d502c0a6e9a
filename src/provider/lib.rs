//! Adapters to media servers and trackers over one shared HTTP client.
