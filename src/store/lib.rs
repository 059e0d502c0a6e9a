//! Durable state on fjall: keyspaces, versioned rows, atomic batches, leases.
