//! The endpoints over a small house: two accounts in memory, one pair, a store in memory.

mod advice;
mod door;
mod exchange;
mod hooks;
mod house;
mod login;
mod pairs;
mod sign_in;
mod socket;
mod steering;
mod tracker;
mod watchers;
