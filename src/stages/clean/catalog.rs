//! The rules that come with framescope: those that a pattern expresses, a file a family, and those that need code.

use crate::error::{Error, Result};

use super::rule::{self, Rule};
use super::{author_bio, byline, dateline, deck, headline, link_preview, related_headline, repeated};

const FAMILIES: &[(&str, &str)] = &[
    ("rules/advertisement.toml", include_str!("rules/advertisement.toml")),
    ("rules/newsletter.toml", include_str!("rules/newsletter.toml")),
    ("rules/share.toml", include_str!("rules/share.toml")),
    ("rules/copyright.toml", include_str!("rules/copyright.toml")),
    ("rules/contact.toml", include_str!("rules/contact.toml")),
    ("rules/photo.toml", include_str!("rules/photo.toml")),
    ("rules/related.toml", include_str!("rules/related.toml")),
    ("rules/comment.toml", include_str!("rules/comment.toml")),
    ("rules/correction.toml", include_str!("rules/correction.toml")),
    ("rules/contribution.toml", include_str!("rules/contribution.toml")),
    ("rules/loading.toml", include_str!("rules/loading.toml")),
];

/// What is known of one rule, for help texts and the codebook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSummary {
    /// The name that removals carry and that switches the rule off.
    pub id: String,
    pub family: String,
    pub description: String,
    /// A paragraph that it removes, or removes something from.
    pub example: String,
    /// The rule itself, where a pattern expresses it; None where it is code.
    pub written: Option<Rule>,
}

/// A rule in code: the same as a summary, known when framescope is compiled.
pub(super) struct CodedRule {
    pub id: &'static str,
    pub family: &'static str,
    pub description: &'static str,
    pub example: &'static str,
}

pub(super) const CODED: &[&CodedRule] = &[
    &byline::RULE,
    &dateline::RULE,
    &headline::REPEATED,
    &headline::OUTLET_SUFFIX,
    &headline::UNDER_CAPTION,
    &deck::REPEATED,
    &deck::LABEL,
    &related_headline::RULE,
    &link_preview::RULE,
    &repeated::RULE,
    &author_bio::RULE,
];

/// Every rule that framescope comes with, those written as patterns first.
pub fn rules() -> Vec<RuleSummary> {
    let written = families().into_iter().flat_map(|(family, rules)| {
        rules.into_iter().map(move |rule| RuleSummary {
            id: rule.id.clone(),
            family: family.clone(),
            description: rule.description.clone(),
            example: rule.examples.first().cloned().unwrap_or_default(),
            written: Some(rule),
        })
    });
    let coded = CODED.iter().map(|rule| RuleSummary {
        id: rule.id.into(),
        family: rule.family.into(),
        description: rule.description.into(),
        example: rule.example.into(),
        written: None,
    });
    written.chain(coded).collect()
}

/// The rule of that id.
///
/// # Errors
/// [`Error::Config`] names the nearest id where there is none.
pub fn rule(id: &str) -> Result<RuleSummary> {
    let rules = rules();
    let unknown = || Error::Config(crate::error::unknown("cleaning rule", id, rules.iter().map(|r| r.id.as_str())));
    rules.iter().find(|rule| rule.id == id).cloned().ok_or_else(unknown)
}

/// The pattern rules that are in force: ours but those switched off, and the user's.
pub(super) fn in_force(disabled: &[String], extra: &[Rule]) -> Result<(Vec<Rule>, Vec<Rule>)> {
    let mut rules: Vec<Rule> = families().into_iter().flat_map(|(_, rules)| rules).collect();
    let known: Vec<String> =
        rules.iter().map(|rule| rule.id.as_str()).chain(CODED.iter().map(|rule| rule.id)).map(Into::into).collect();
    let extra_ids = extra.iter().map(|rule| rule.id.as_str());
    let every: Vec<&str> = known.iter().map(String::as_str).chain(extra_ids).collect();
    for id in disabled {
        if !every.contains(&id.as_str()) {
            return Err(Error::Config(crate::error::unknown("cleaning rule", id, every.iter().copied())));
        }
    }
    for (at, rule) in extra.iter().enumerate() {
        if known.contains(&rule.id) || extra[..at].iter().any(|other| other.id == rule.id) {
            return Err(Error::Config(format!("cleaning rule \"{}\" exists already; give yours another id", rule.id)));
        }
    }
    let mut extra = extra.to_vec();
    for rules in [&mut rules, &mut extra] {
        rules.retain(|rule| !disabled.contains(&rule.id));
    }
    Ok((rules, extra))
}

fn families() -> Vec<(String, Vec<Rule>)> {
    FAMILIES.iter().map(|(file, toml)| rule::parse(toml, file).expect("the rule files are read in a test")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::clean::rule::Scope;
    use crate::stages::clean::tests::what_happens_to;

    #[test]
    fn ids_are_unique_and_each_rule_explains_itself() {
        let rules = rules();
        for (at, rule) in rules.iter().enumerate() {
            assert!(rules[..at].iter().all(|other| other.id != rule.id), "{} stands twice", rule.id);
            assert!(!rule.description.is_empty() && !rule.example.is_empty(), "{}", rule.id);
        }
    }

    /// Each example stands in an article of its own, with all rules in force: a rule of its family removes it, or as much
    /// of it as the scope says, and counter-examples stay whole.
    #[test]
    fn examples_are_removed_and_counter_examples_stay() {
        let mut wrong = Vec::new();
        for (family, rules) in families() {
            let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
            for rule in &rules {
                // A headline rule's examples are headlines.
                if rule.part == crate::record::Part::Headline {
                    let failed = crate::stages::clean::check(std::slice::from_ref(rule)).unwrap();
                    wrong.extend(failed.iter().map(|failed| format!("{family}/{failed:?}")));
                    continue;
                }
                let whole = matches!(rule.scope, Scope::Paragraph | Scope::Ending);
                for example in &rule.examples {
                    let (kept, by) = what_happens_to(example);
                    let ours = by.iter().any(|id| ids.contains(&id.as_str()));
                    if !ours || whole != kept.is_empty() {
                        wrong
                            .push(format!("{family}/{}: of {example:?}, {kept:?} is kept; removed by {by:?}", rule.id));
                    }
                }
                for example in &rule.counter_examples {
                    let (kept, by) = what_happens_to(example);
                    if kept != [example.as_str()] {
                        wrong.push(format!("{family}/{}: counter-example {example:?} is removed by {by:?}", rule.id));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// They are compiled when a text first calls for them, which must never fail then.
    #[test]
    fn every_pattern_compiles() {
        let rules = families().into_iter().flat_map(|(_, rules)| rules).collect();
        crate::stages::clean::matcher::Matcher::new(Vec::new(), rules).unwrap();
    }

    #[test]
    fn unknown_rule_names_the_nearest() {
        let error = in_force(&["photo_credits".into()], &[]).unwrap_err().to_string();
        assert!(error.contains("\"photo_credit\""), "{error}");
        assert!(in_force(&["byline".into()], &[]).is_ok());
    }
}
