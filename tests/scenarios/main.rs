//! Scenarios of the whole service.
