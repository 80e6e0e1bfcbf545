//! Results of a lab in the formats that other systems take: a long CSV, Canvas, Moodle. Rendering only: who may see
//! them and where points come from is decided elsewhere. JSON is the API's.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::{spreadsheet::Sheet, task::Points};

/// Everything that any of the formats needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// The slug.
    pub lab: String,
    pub title: String,
    pub tasks: Vec<ResultTask>,
    pub students: Vec<StudentResult>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultTask {
    pub key: String,
    pub title: String,
    pub points: Points,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudentResult {
    pub login: String,
    pub name: String,
    pub email: Option<String>,
    /// The id of the student in the system that the roster came from.
    pub external_id: Option<String>,
    pub section: Option<String>,
    /// One for each of [`Results::tasks`], in their order.
    pub scores: Vec<Scored>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scored {
    pub points: Points,
    pub completed_at: Option<DateTime<Utc>>,
}

impl Results {
    pub fn max_score(&self) -> Points {
        self.tasks.iter().map(|task| task.points).sum()
    }
}

impl StudentResult {
    pub fn score(&self) -> Points {
        self.scores.iter().map(|score| score.points).sum()
    }
}

/// One line per student and task. `attempts` is empty: tasks that are judged from the database have none.
pub fn long_csv(results: &Results) -> String {
    let mut sheet = Sheet::new(&[
        "lab",
        "section",
        "login",
        "name",
        "email",
        "challenge",
        "task",
        "points",
        "max_points",
        "completed_at",
        "attempts",
    ]);
    for student in &results.students {
        for (task, score) in results.tasks.iter().zip(&student.scores) {
            sheet.row([
                results.lab.clone(),
                student.section.clone().unwrap_or_default(),
                student.login.clone(),
                student.name.clone(),
                student.email.clone().unwrap_or_default(),
                results.title.clone(),
                task.title.clone(),
                number(score.points),
                number(task.points),
                score
                    .completed_at
                    .map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
                    .unwrap_or_default(),
                String::new(),
            ]);
        }
    }
    sheet.finish()
}

/// As Canvas takes grades in: the first row is no person.
pub fn canvas_csv(results: &Results) -> String {
    let mut sheet = Sheet::new(&[
        "Student",
        "ID",
        "SIS User ID",
        "SIS Login ID",
        "Section",
        &results.title,
    ]);
    // Canvas knows this row by its four leading spaces.
    sheet.row([
        "    Points Possible".to_owned(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        number(results.max_score()),
    ]);
    for student in &results.students {
        sheet.row([
            last_first(&student.name),
            String::new(),
            student.external_id.clone().unwrap_or_default(),
            student.login.clone(),
            student.section.clone().unwrap_or_default(),
            number(student.score()),
        ]);
    }
    sheet.finish()
}

/// As Moodle takes grades in, with what was done as feedback.
pub fn moodle_csv(results: &Results) -> String {
    let feedback = format!("{} feedback", results.title);
    let mut sheet = Sheet::new(&["username", "idnumber", "email", &results.title, &feedback]);
    for student in &results.students {
        let n_done = student
            .scores
            .iter()
            .zip(&results.tasks)
            .filter(|(score, task)| score.points >= task.points)
            .count();
        sheet.row([
            student.login.clone(),
            student.external_id.clone().unwrap_or_default(),
            student.email.clone().unwrap_or_default(),
            number(student.score()),
            format!(
                "{n_done} of {} tasks done, {} of {} points",
                results.tasks.len(),
                number(student.score()),
                number(results.max_score())
            ),
        ]);
    }
    sheet.finish()
}

/// `2.5`, `10`: never more than the three decimals that points have.
fn number(points: Points) -> String {
    points.as_f64().to_string()
}

/// `Lovelace, Ada`. A name that has a comma, or only one word, stays as it is.
fn last_first(name: &str) -> String {
    match name.trim().rsplit_once(' ') {
        Some((first, last)) if !name.contains(',') => format!("{last}, {}", first.trim()),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> Results {
        let done = DateTime::from_timestamp(1_772_442_000, 0);
        let task = |key: &str, title: &str, points| ResultTask {
            key: key.to_owned(),
            title: title.to_owned(),
            points: Points(points),
        };
        Results {
            lab: "shop".to_owned(),
            title: "Music shop".to_owned(),
            tasks: vec![
                task("table:public.artist", "Table artist", 10_000),
                task("view:public.top", "View \"top\", by sales", 2_500),
            ],
            students: vec![
                StudentResult {
                    login: "ada".to_owned(),
                    name: "Ada King Lovelace".to_owned(),
                    email: Some("ada@example.org".to_owned()),
                    external_id: Some("1815".to_owned()),
                    section: Some("A".to_owned()),
                    scores: vec![
                        Scored {
                            points: Points(10_000),
                            completed_at: done,
                        },
                        Scored {
                            points: Points(1_250),
                            completed_at: None,
                        },
                    ],
                },
                StudentResult {
                    login: "-eve".to_owned(),
                    name: "=HYPERLINK(\"http://x\")".to_owned(),
                    email: Some("@eve".to_owned()),
                    external_id: None,
                    section: Some("+1".to_owned()),
                    scores: vec![Scored::default(), Scored::default()],
                },
            ],
        }
    }

    #[test]
    fn long() {
        insta::assert_snapshot!(long_csv(&results()).replace("\r\n", "\n"), @r#"
        lab,section,login,name,email,challenge,task,points,max_points,completed_at,attempts
        shop,A,ada,Ada King Lovelace,ada@example.org,Music shop,Table artist,10,10,2026-03-02T09:00:00Z,
        shop,A,ada,Ada King Lovelace,ada@example.org,Music shop,"View ""top"", by sales",1.25,2.5,,
        shop,'+1,'-eve,"'=HYPERLINK(""http://x"")",'@eve,Music shop,Table artist,0,10,,
        shop,'+1,'-eve,"'=HYPERLINK(""http://x"")",'@eve,Music shop,"View ""top"", by sales",0,2.5,,
        "#);
    }

    #[test]
    fn canvas() {
        insta::assert_snapshot!(canvas_csv(&results()).replace("\r\n", "\n"), @r#"
        Student,ID,SIS User ID,SIS Login ID,Section,Music shop
            Points Possible,,,,,12.5
        "Lovelace, Ada King",,1815,ada,A,11.25
        "'=HYPERLINK(""http://x"")",,,'-eve,'+1,0
        "#);
    }

    #[test]
    fn moodle() {
        insta::assert_snapshot!(moodle_csv(&results()).replace("\r\n", "\n"), @r#"
        username,idnumber,email,Music shop,Music shop feedback
        ada,1815,ada@example.org,11.25,"1 of 2 tasks done, 11.25 of 12.5 points"
        '-eve,,'@eve,0,"0 of 2 tasks done, 0 of 12.5 points"
        "#);
    }
}
