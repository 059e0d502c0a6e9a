//! Simulation, scenarios, contracts and crash tests of the whole service.

pub mod service;
