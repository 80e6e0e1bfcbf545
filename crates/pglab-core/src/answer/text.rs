//! Texts, choices and sets of options. What was sent is trimmed at its ends and else compared as it is: nothing is
//! escaped or normalised.

use regex::{Regex, RegexBuilder};
use subtle::ConstantTimeEq;

use super::{MAX_TEXT_BYTES, Outcome};
use crate::task::kind::{Accepted, CheckboxesTask, ChoiceTask, RightSet, TextTask};

/// Compares an answer with an argon2id hash. Comes in, because hashing is the business of `pglab-identity`; takes tens
/// of milliseconds, so call what judges off the async threads.
pub trait AnswerHashes {
    /// False too for a hash that can't be read.
    fn fits(&self, answer: &str, argon2id: &str) -> bool;
}

impl<F: Fn(&str, &str) -> bool> AnswerHashes for F {
    fn fits(&self, answer: &str, argon2id: &str) -> bool {
        self(answer, argon2id)
    }
}

/// For where no answer is hashed: none fits.
#[derive(Debug, Clone, Copy)]
pub struct NoHashes;

impl AnswerHashes for NoHashes {
    fn fits(&self, _: &str, _: &str) -> bool {
        false
    }
}

/// The form in which an answer is hashed.
pub fn hashed_form(answer: &str, any_case: bool) -> String {
    let answer = answer.trim();
    if any_case {
        answer.to_lowercase()
    } else {
        answer.to_owned()
    }
}

/// The form in which a set of options is hashed.
pub fn hashed_set_form<S: AsRef<str>>(options: &[S]) -> String {
    let mut options: Vec<&str> = options.iter().map(|option| option.as_ref().trim()).collect();
    options.sort_unstable();
    options.dedup();
    options.join("\n")
}

/// A regular expression of an author, as answers are matched: as a whole, with bounded size, so that no pack can make
/// it expensive. The engine takes time linear in the answer.
///
/// # Errors
/// It can't be read, or is too large.
pub fn whole_regex(pattern: &str) -> Result<Regex, regex::Error> {
    // Read alone first: `a)|(b` must not become right by the group around it.
    RegexBuilder::new(pattern).size_limit(1 << 20).build()?;
    RegexBuilder::new(&format!(r"\A(?:{pattern}{})\z", comment_end(pattern)))
        .size_limit(1 << 20)
        .build()
}

/// In verbose mode a comment would swallow the group's end.
fn comment_end(pattern: &str) -> &'static str {
    if pattern.contains('#') && pattern.contains("(?") && pattern.contains('x') {
        "\n"
    } else {
        ""
    }
}

pub fn judge_text(task: &TextTask, answer: &str, hashes: &dyn AnswerHashes) -> Outcome {
    match fit(answer) {
        Ok(answer) => accepts(&task.accepted, answer, None, hashes).into(),
        Err(unfit) => unfit,
    }
}

/// `answer` is the text of one option.
pub fn judge_choice(task: &ChoiceTask, answer: &str, hashes: &dyn AnswerHashes) -> Outcome {
    let answer = match fit(answer) {
        Ok(answer) => answer,
        Err(unfit) => return unfit,
    };
    if !task.options.is_empty() && !task.options.iter().any(|option| option.trim() == answer) {
        return Outcome::Unfit("the answer is none of the options".to_owned());
    }
    accepts(&task.accepted, answer, None, hashes).into()
}

/// `answers` are the texts of the options that were ticked, in any order.
pub fn judge_checkboxes<S: AsRef<str>>(
    task: &CheckboxesTask,
    answers: &[S],
    hashes: &dyn AnswerHashes,
) -> Outcome {
    if answers.len() > task.options.len().max(100) {
        return Outcome::Unfit("these are more answers than there are options".to_owned());
    }
    for answer in answers {
        let answer = answer.as_ref().trim();
        if !task.options.is_empty() && !task.options.iter().any(|option| option.trim() == answer) {
            return Outcome::Unfit(format!("{:?} is none of the options", crate::words::clip(answer)));
        }
    }
    let ticked = hashed_set_form(answers);
    match &task.answer {
        RightSet::Options(options) => (hashed_set_form(options) == ticked).into(),
        RightSet::Hashed { argon2id } => hashes.fits(&ticked, argon2id).into(),
    }
}

/// Trimmed, and of a size that is judged.
pub(super) fn fit(answer: &str) -> Result<&str, Outcome> {
    let answer = answer.trim();
    if answer.is_empty() {
        Err(Outcome::Unfit("the answer is empty".to_owned()))
    } else if answer.len() > MAX_TEXT_BYTES {
        Err(Outcome::Unfit(format!(
            "the answer is longer than {MAX_TEXT_BYTES} bytes"
        )))
    } else {
        Ok(answer)
    }
}

/// Is the trimmed answer one of these? `own` is the member's flag; all are looked at, so that the time does not tell which
/// one it was.
pub(super) fn accepts(
    accepted: &[Accepted],
    answer: &str,
    own: Option<&str>,
    hashes: &dyn AnswerHashes,
) -> bool {
    accepted.iter().fold(false, |right, one| {
        right
            | match one {
                Accepted::Exact(text) => same(text.trim(), answer),
                Accepted::AnyCase(text) => same(&text.trim().to_lowercase(), &answer.to_lowercase()),
                Accepted::Regex(pattern) => whole_regex(pattern).is_ok_and(|regex| regex.is_match(answer)),
                Accepted::Hashed { argon2id, any_case } => {
                    hashes.fits(&hashed_form(answer, *any_case), argon2id)
                }
                Accepted::Member(_) => own.is_some_and(|own| same(own, answer)),
            }
    })
}

/// In a time that depends on the lengths only.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(accepted: Vec<Accepted>, answer: &str) -> Outcome {
        judge_text(&TextTask { accepted }, answer, &|answer: &str, hash: &str| {
            format!("#{answer}") == hash
        })
    }

    #[test]
    fn texts_are_compared_as_they_are() {
        let exact = |right: &str, answer: &str| text(vec![Accepted::Exact(right.to_owned())], answer);
        assert_eq!(exact("cat ./-", " cat ./-\n"), Outcome::Right);
        assert_eq!(exact("Norhavn", "norhavn"), Outcome::Wrong);
        assert_eq!(exact("a  b", "a b"), Outcome::Wrong);
        assert_eq!(exact("&lt;", "<"), Outcome::Wrong);
        assert_eq!(exact("x", "  "), Outcome::Unfit("the answer is empty".to_owned()));
        assert!(matches!(exact("x", &"x".repeat(5000)), Outcome::Unfit(_)));
        let any = |answer: &str| text(vec![Accepted::AnyCase("Vesterö".to_owned())], answer);
        assert_eq!(any("VESTERÖ"), Outcome::Right);
        assert_eq!(any("Vestero"), Outcome::Wrong);
    }

    #[test]
    fn one_of_several() {
        let accepted = || {
            vec![
                Accepted::Exact("12".to_owned()),
                Accepted::Regex("twelve|a dozen".to_owned()),
                Accepted::Hashed {
                    argon2id: "#xii".to_owned(),
                    any_case: true,
                },
            ]
        };
        for right in ["12", "twelve", "a dozen", "XII"] {
            assert_eq!(text(accepted(), right), Outcome::Right, "{right}");
        }
        for wrong in ["twelve!", "not a dozen", "13", "#xii"] {
            assert_eq!(text(accepted(), wrong), Outcome::Wrong, "{wrong}");
        }
    }

    #[test]
    fn regular_expressions_match_the_whole() {
        assert!(whole_regex("a|b").unwrap().is_match("b"));
        assert!(!whole_regex("a|b").unwrap().is_match("bc"));
        assert!(!whole_regex("a").unwrap().is_match("a\nx"));
        assert!(whole_regex("(?x) a # an a").unwrap().is_match("a"));
        assert!(!whole_regex("(?x) a # an a").unwrap().is_match("ab"));
        assert!(whole_regex("a)|(b").is_err());
        assert!(whole_regex("(a{1000}){1000}").is_err());
    }

    #[test]
    fn choices_and_sets() {
        let options = vec!["HAVING".to_owned(), "WHERE".to_owned(), "ON".to_owned()];
        let task = ChoiceTask {
            options: options.clone(),
            accepted: vec![Accepted::Exact("HAVING".to_owned())],
        };
        assert_eq!(judge_choice(&task, "HAVING", &NoHashes), Outcome::Right);
        assert_eq!(judge_choice(&task, "ON", &NoHashes), Outcome::Wrong);
        assert!(matches!(
            judge_choice(&task, "having", &NoHashes),
            Outcome::Unfit(_)
        ));
        let task = CheckboxesTask {
            options,
            answer: RightSet::Options(vec!["ON".to_owned(), "WHERE".to_owned()]),
        };
        assert_eq!(
            judge_checkboxes(&task, &["WHERE", "ON"], &NoHashes),
            Outcome::Right
        );
        assert_eq!(
            judge_checkboxes(&task, &["WHERE", "ON", "ON"], &NoHashes),
            Outcome::Right
        );
        assert_eq!(judge_checkboxes(&task, &["WHERE"], &NoHashes), Outcome::Wrong);
        assert_eq!(
            judge_checkboxes(&task, &["WHERE", "ON", "HAVING"], &NoHashes),
            Outcome::Wrong
        );
        assert_eq!(judge_checkboxes::<&str>(&task, &[], &NoHashes), Outcome::Wrong);
        assert!(matches!(
            judge_checkboxes(&task, &["GROUP"], &NoHashes),
            Outcome::Unfit(_)
        ));
        let task = CheckboxesTask {
            options: task.options,
            answer: RightSet::Hashed {
                argon2id: "#ON\nWHERE".to_owned(),
            },
        };
        let hashes = |answer: &str, hash: &str| format!("#{answer}") == hash;
        assert_eq!(judge_checkboxes(&task, &["WHERE", "ON"], &hashes), Outcome::Right);
    }
}
