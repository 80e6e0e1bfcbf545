//! By which name a student appears in metrics: as the lab says.

use std::borrow::Cow;

use pglab_core::{
    id::{LabId, MemberId},
    lab::MetricNames,
};

use crate::Control;

/// `None` where the lab keeps its students out of metrics. A pseudonym is the same for as long as the member is one,
/// another in every lab, and leads back to the person only with pglab's own key.
pub fn student_name<'a>(
    control: &Control,
    names: MetricNames,
    lab: LabId,
    member: MemberId,
    login: &'a str,
) -> Option<Cow<'a, str>> {
    match names {
        MetricNames::Logins => Some(Cow::Borrowed(login)),
        MetricNames::Pseudonyms => {
            let what = format!("{lab}/{member}");
            Some(Cow::Owned(control.sealer.pseudonym("student in metrics", &what)))
        }
        MetricNames::Off => None,
    }
}
