//! The PostgreSQL servers that students work on, and everything said to them. The only crate that speaks
//! PostgreSQL to servers that are first met at run time; it decides nothing and knows nothing of our own database.

pub mod activity;
pub mod answer;
pub mod check;
pub mod cluster;
pub mod collect;
pub mod connection;
pub mod console;
pub mod dump;
pub mod facts;
pub mod hba;
pub mod http;
pub mod instance_manager;
pub mod introspect;
pub mod inventory;
mod limited;
pub mod load;
pub mod log_feed;
pub mod node;
mod printed;
pub mod private;
pub mod provision;
pub mod rows;
mod session;
pub mod target;
pub mod template;
pub mod tls;
pub mod watch;
pub mod work;

pub use cluster::Cluster;
pub use connection::{Address, Connection, Error};
pub use instance_manager::InstanceManager;
pub use target::Target;
