//! What the house gives every adapter.

use std::{rc::Rc, sync::Arc};

use crosswatch_port::{Budget, Cache, Clock, Entropy, Vault};

/// Time, chance, the account's request budget, and the places for its tokens and notes.
#[derive(Clone)]
pub struct Ports {
    /// Wall time and waiting.
    pub clock: Arc<dyn Clock>,
    /// Randomness for the spread of retries.
    pub entropy: Arc<dyn Entropy>,
    /// Asked before every request.
    pub budget: Rc<dyn Budget>,
    /// Keeps tokens that an account hands out.
    pub vault: Rc<dyn Vault>,
    /// Keeps what the adapter need not ask again.
    pub cache: Rc<dyn Cache>,
}
