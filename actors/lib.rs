//! Behaviour over time: one actor per supervisor, pair, provider, outbox, scheduler, store and notifier.
