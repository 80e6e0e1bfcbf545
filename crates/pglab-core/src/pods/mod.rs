//! Instances that an instance manager runs as pods: their state machine, what a manager tells of a pod, and what a
//! challenge sends there. What a round of comparing does is in `sync`; talking to a manager is not here.

mod content;
mod listed;
mod settings;
mod state;
mod status;
mod sync;

pub use content::{Filling, filled, needs_pods};
pub use listed::{Addresses, Pod, PodStatus};
pub use settings::{ManagerSettings, ManagerUrl};
pub use state::{LIFETIME, PodEvent, PodState};
pub use status::WireStatus;
pub use sync::{APPEAR_DEADLINE, Call, GRACE, Known, MISSED_ANSWERS, Plan, after_start, plan, stays_away};
