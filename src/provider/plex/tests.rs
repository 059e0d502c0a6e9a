//! The adapter against an emulated Plex.
