//! What passes between threads: tickets that keep order, permits that keep
//! memory, and the events that the sequencer hears.

mod budget;
mod event;
mod membership;
pub(crate) mod mutation;
mod ownership;
mod ticket;

pub use budget::{Budget, Permit};
pub use event::{Drain, Event, Finished, Outcome};
pub use membership::Membership;
pub use ownership::Ownership;
pub use ticket::{Lane, Ticket};
