//! What pglab calls the things that it makes on a cluster. All carry the prefix `pglab_` but a student's own role and
//! database, which are named as a student would name them.

use chrono::{DateTime, Utc};

use crate::{
    id::MemberId,
    ident::{Ident, IdentError, MAX_IDENT_BYTES},
    lab::Slug,
    person::Login,
};

/// NOLOGIN; owns everything in the templates of the lab, and every member is a member of it.
///
/// # Errors
/// None for a slug of at most 40 characters.
pub fn lab_role(slug: &Slug) -> Result<Ident, IdentError> {
    Ident::new(format!("pglab_lab_{slug}"))
}

/// LOGIN while a dump is loaded, and gone afterwards.
///
/// # Errors
/// None for a slug of at most 40 characters.
pub fn loader_role(slug: &Slug) -> Result<Ident, IdentError> {
    Ident::new(format!("pglab_load_{slug}"))
}

/// The example, loaded for the `generation`-th time.
///
/// # Errors
/// None for a slug of at most 40 characters.
pub fn example_database(slug: &Slug, generation: i32) -> Result<Ident, IdentError> {
    Ident::new(format!("pglab_ex_{slug}_{generation}"))
}

/// The template that students' databases are cloned from.
///
/// # Errors
/// None for a slug of at most 40 characters.
pub fn start_database(slug: &Slug, generation: i32) -> Result<Ident, IdentError> {
    Ident::new(format!("pglab_st_{slug}_{generation}"))
}

/// NOLOGIN; its members may connect to the databases in which answers are judged.
///
/// # Errors
/// None for a slug of at most 40 characters.
pub fn judge_role(slug: &Slug) -> Result<Ident, IdentError> {
    Ident::new(format!("pglab_jdg_{slug}"))
}

/// LOGIN; runs the references of queries. No member may see what it does.
///
/// # Errors
/// None for a slug of at most 40 characters.
pub fn reference_role(slug: &Slug) -> Result<Ident, IdentError> {
    Ident::new(format!("pglab_ref_{slug}"))
}

/// A database in which answers are judged: the `n`-th dataset of a load; 0 is the start.
///
/// # Errors
/// None for a slug of at most 40 characters.
pub fn judge_database(slug: &Slug, generation: i32, n: usize) -> Result<Ident, IdentError> {
    Ident::new(format!("pglab_jd_{slug}_{generation}_{n}"))
}

/// The `n`-th dataset that was made by mutating the start, for the references of this digest.
///
/// # Errors
/// None for a slug of at most 40 characters.
pub fn mutated_database(slug: &Slug, generation: i32, digest: u64, n: usize) -> Result<Ident, IdentError> {
    let digest = digest & 0x00ff_ffff;
    Ident::new(format!("pglab_jd_{slug}_{generation}_m{digest:06x}{n}"))
}

/// LOGIN, member of the student's role only; runs the checks.
///
/// # Errors
/// None.
pub fn checker_role(member: MemberId) -> Result<Ident, IdentError> {
    Ident::new(format!("pglab_chk_{}", member.uuid().simple()))
}

/// LOGIN, member of the student's role only; what their consoles sign in as. `sql/*.sql` know it by its beginning.
///
/// # Errors
/// None.
pub fn console_role(member: MemberId) -> Result<Ident, IdentError> {
    Ident::new(format!("pglab_con_{}", member.uuid().simple()))
}

/// The same for the consoles of those who only look: what happens there is not told as the student's doing.
///
/// # Errors
/// None.
pub fn onlooker_role(member: MemberId) -> Result<Ident, IdentError> {
    Ident::new(format!("pglab_see_{}", member.uuid().simple()))
}

/// A student's database: the lab and the login, in letters that need no quotes where the login has none that do. Too
/// long names are cut and get the end of the member's id; so do all when `distinct` is set, for the rare case that
/// two labs and logins run into the same name.
///
/// # Errors
/// None.
pub fn member_database(
    slug: &Slug,
    login: &Login,
    member: MemberId,
    distinct: bool,
) -> Result<Ident, IdentError> {
    let plain = format!("{}_{}", slug.as_str().replace('-', "_"), login.as_str());
    if plain.len() <= MAX_IDENT_BYTES && !distinct {
        return Ident::new(plain);
    }
    // The random end of a UUIDv7: its beginning is the time, and alike for a whole class.
    let id = member.uuid().simple().to_string();
    let tail = id.get(20..).unwrap_or_default();
    let mut head = plain;
    let mut keep = head.len().min(MAX_IDENT_BYTES - tail.len() - 1);
    while !head.is_char_boundary(keep) {
        keep -= 1;
    }
    head.truncate(keep);
    Ident::new(format!("{head}_{tail}"))
}

/// What a database is renamed to when a reset keeps it: its name, cut where that is too long, and the time.
///
/// # Errors
/// None.
pub fn snapshot_database(database: &Ident, taken_at: DateTime<Utc>) -> Result<Ident, IdentError> {
    let tail = taken_at.format("_%Y%m%d_%H%M%S").to_string();
    let mut head = database.as_str().to_owned();
    let mut keep = head.len().min(MAX_IDENT_BYTES - tail.len());
    while !head.is_char_boundary(keep) {
        keep -= 1;
    }
    head.truncate(keep);
    Ident::new(head + &tail)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn databases_are_named_as_a_student_would() {
        let slug = Slug::parse("music-shop").unwrap();
        let member = MemberId::from(Uuid::from_u128(0x0190_0000_0000_7000_8000_1234_5678_9abc));
        let name = |login: &str, distinct| {
            let login = Login::parse(login).unwrap();
            member_database(&slug, &login, member, distinct)
                .unwrap()
                .as_str()
                .to_owned()
        };
        assert_eq!(name("ada", false), "music_shop_ada");
        assert_eq!(name("ada", true), "music_shop_ada_123456789abc");
        let long = name(&"é".repeat(31), false);
        assert!(long.len() <= 63 && long.ends_with("_123456789abc"), "{long}");
    }

    #[test]
    fn snapshots_carry_the_time_and_stay_short() {
        let at = DateTime::from_timestamp(1_772_442_000, 0).unwrap();
        let plain = snapshot_database(&Ident::new("music_shop_ada").unwrap(), at).unwrap();
        assert_eq!(plain.as_str(), "music_shop_ada_20260302_090000");
        let long = snapshot_database(&Ident::new("é".repeat(31)).unwrap(), at).unwrap();
        assert!(long.as_str().len() <= 63 && long.as_str().ends_with("é_20260302_090000"));
    }
}
