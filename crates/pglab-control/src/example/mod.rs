//! The example database of a lab: given by an upload or a URI, loaded by the reconciler in `reconcile`, shown with its
//! progress meanwhile. What is made from it on the cluster is in `work`.

mod events;
mod live;
mod reconcile;
mod schema;
mod upload;
pub(crate) mod uploads;
mod uri;
mod view;
mod work;

pub use events::events;
pub use live::{Phase, Progress};
pub use pglab_store::example::{ExampleSource, ExampleState};
pub use reconcile::{Summary, WORKER, activate, run};
pub use schema::schema;
pub use upload::{Upload, UploadFor, from_uri, upload};
pub use view::{ExampleProblem, ExampleSummary, ExampleView, StartDumpView, Warning, show};

pub(crate) use live::Live;
pub(crate) use view::of_lab;
pub(crate) use work::{remove_all, remove_files};
