//! The endpoints over a small house: two accounts in memory, one pair, a store in memory.

mod door;
mod exchange;
mod house;
mod pairs;
mod sign_in;
mod socket;
mod tracker;
