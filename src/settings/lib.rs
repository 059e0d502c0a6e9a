//! Configuration: TOML and environment to validated settings.
