//! A user's rules against their own examples, before they are let loose on a collection.

use crate::error::Result;
use crate::record::{Article, Part, Source};

use super::draft::Draft;
use super::matcher::Matcher;
use super::rule::{Rule, Scope};

/// An example that a rule does not do with what its file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The rule's id.
    pub rule: String,
    /// The example or counter-example, as it stands in the file.
    pub example: String,
    /// What the rules of the file made of it.
    pub what: String,
}

/// Tries every example and counter-example of a user's rules, with only these rules in force: each example stands in the
/// middle of an article of its own, or is the headline where the rule looks at that.
///
/// # Errors
/// [`crate::Error::Config`] where a pattern is no regular expression.
pub fn check(rules: &[Rule]) -> Result<Vec<Failed>> {
    let matcher = Matcher::new(Vec::new(), rules.to_vec())?;
    let mut failed = Vec::new();
    for rule in rules {
        let mut fail = |example: &str, what: String| {
            failed.push(Failed { rule: rule.id.clone(), example: example.to_owned(), what });
        };
        for example in &rule.examples {
            let (kept, by) = outcome(&matcher, rule, example);
            if by.is_empty() {
                fail(example, "nothing of it is removed".into());
            } else if !kept.is_empty() && matches!(rule.scope, Scope::Paragraph | Scope::Ending | Scope::Between) {
                fail(example, format!("\"{kept}\" of it is left"));
            }
        }
        for example in &rule.counter_examples {
            let (_, by) = outcome(&matcher, rule, example);
            if let Some(by) = by.first() {
                fail(example, format!("it should stay whole, and {by} removes something of it"));
            }
        }
    }
    Ok(failed)
}

const OPENING: &str = "The council voted late on Monday to keep the ferry running through the winter.";
const CLOSE: &str = "The next boat leaves the town at noon, and the mayor said that she would be on it.";

/// What is left of an example, and the rules that took something from it.
fn outcome(matcher: &Matcher, rule: &Rule, example: &str) -> (String, Vec<String>) {
    let headline = rule.part == Part::Headline;
    let (title, text) = match headline {
        true => (example.to_owned(), format!("{OPENING}\n{CLOSE}")),
        false => ("Ferry to run all winter".to_owned(), format!("{OPENING}\n{example}\n{CLOSE}")),
    };
    let article = blank();
    let mut draft = Draft::new(&article, &title, "", &text);
    matcher.apply(&mut draft);
    let kept = match headline {
        true => draft.title[draft.title_range.clone()].to_owned(),
        false => {
            let paragraphs = (0..draft.paragraphs.len()).map(|at| draft.paragraph(at));
            paragraphs.filter(|kept| ![OPENING, CLOSE].contains(kept)).collect::<Vec<_>>().join("\n")
        }
    };
    (kept, draft.cuts.into_iter().map(|cut| cut.rule).collect())
}

fn blank() -> Article {
    Article {
        id: String::new(),
        source: Source { file: "".into(), row: None },
        title: String::new(),
        deck: None,
        text: String::new(),
        outlet: None,
        author: None,
        published: None,
        url: None,
        section: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(body: &str) -> Vec<Rule> {
        super::super::rule::parse(&format!("family = \"mine\"\n{body}"), "mine.toml").unwrap().1
    }

    #[test]
    fn examples_are_tried() {
        let good = rules(
            "[[rule]]\nid = \"times\"\nscope = \"paragraph\"\npattern = 'Ferry times: .*'\ndescription = \"d\"\n\
             examples = [\"Ferry times: see the board.\"]\ncounter_examples = [\"Ferry times are late.\"]\n\
             [[rule]]\nid = \"kicker\"\nscope = \"prefix\"\npart = \"headline\"\npattern = 'Harbor Watch: '\n\
             description = \"d\"\nexamples = [\"Harbor Watch: boats\"]\n\
             [[rule]]\nid = \"box\"\nscope = \"between\"\npattern = 'At the pier'\nuntil = 'End'\ndescription = \"d\"\n\
             examples = [\"At the pier\\nTickets cost two dollars.\\nEnd\"]",
        );
        assert_eq!(check(&good).unwrap(), []);
        let bad = rules(
            "[[rule]]\nid = \"times\"\nscope = \"paragraph\"\npattern = 'Ferry times.*'\ndescription = \"d\"\n\
             examples = [\"Timetable\"]\ncounter_examples = [\"Ferry times are late.\"]",
        );
        let failed: Vec<_> = check(&bad).unwrap().into_iter().map(|failed| failed.example).collect();
        assert_eq!(failed, ["Timetable", "Ferry times are late."]);
    }
}
