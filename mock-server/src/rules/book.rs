//! The rules as text: one page each, and the catalogue that docs/RULES.md is.

use super::ec2::{self, Ec2Rule};
use super::{RuleInfo, all, get, pages, texts};
use std::fmt::Write;

/// The page of a rule, as `mockplane rule ID` prints it.
pub fn page(id: &str) -> Option<String> {
    match (get(id).map(render), ec2::get(id).map(render_ec2)) {
        (Some(of_jobs), Some(of_calls)) => Some(format!("{of_jobs}\n{of_calls}")),
        (one, other) => one.or(other),
    }
}

fn render_ec2(rule: &Ec2Rule) -> String {
    let Ec2Rule { id, summary, basis, source, hint } = rule;
    format!("{id}\n\n{summary}\n\nbasis    {}\nsource   {source}\n\n{hint}\n", basis.name())
}

/// Every rule's id with its name or what it says in short, for people who look for one.
pub fn index() -> String {
    let jobs = all().map(|info| format!("{:<20}{}\n", info.id, info.name));
    jobs.chain(ec2::all().map(|rule| format!("{:<20}{}\n", rule.id, rule.summary))).collect()
}

fn render(info: &RuleInfo) -> String {
    let mut text = format!("{} ({})\n\n{}\n\n", info.id, info.name, info.summary);
    for (name, value) in facts(info) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:<9}{value}");
    }
    for doc in info.docs {
        let _ = writeln!(text, "{:<9}{}", "source", doc.url());
    }
    let _ = writeln!(text, "\n{}", info.hint);
    text
}

/// The catalogue of all rules, in Markdown.
pub fn catalogue() -> String {
    let mut text = String::from(
        "# Rules\n\n\
         Generated from the code; `MOCKPLANE_UPDATE=1 cargo test --workspace` writes it anew.\n\n\
         Every rule can be set to `enforce` (the default), `warn` or `off`. A rule of phase `create` makes the API\n\
         call fail; a rule of any other phase makes the job fail with a `FailureReason`. The basis tells what AWS\n\
         documents from what AWS was observed to do and from what is assumed here.\n\n\
         | rule | name | phase | jobs | basis |\n| --- | --- | --- | --- | --- |\n",
    );
    for info in all() {
        let anchor = info.id.to_lowercase();
        let _ = writeln!(
            text,
            "| [{}](#{anchor}) | {} | {} | {} | {} |",
            info.id,
            info.name,
            info.phase_names(),
            kinds(info),
            info.basis.name()
        );
    }
    for info in all() {
        let _ = writeln!(text, "\n## {}\n\n{}\n", info.id, info.summary);
        for (name, value) in facts(info) {
            let _ = writeln!(text, "- {name}: {value}");
        }
        for doc in info.docs {
            let _ = writeln!(text, "- source: <{}>", doc.url());
        }
        let _ = writeln!(text, "- what to do: {}", info.hint);
    }
    text.push_str(
        "\n## EC2\n\nThe rules behind EC2's refusals; the header `x-mockplane-rule` of an answer names one.\n\n\
         | rule | what it says | basis | source | what to do |\n| --- | --- | --- | --- | --- |\n",
    );
    for rule in ec2::all() {
        let Ec2Rule { id, summary, basis, source, hint } = rule;
        let _ = writeln!(text, "| {id} | {summary} | {} | {source} | {hint} |", basis.name());
    }
    text.push_str(&pages::render());
    text
}

fn facts(info: &RuleInfo) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("phase", info.phase_names()),
        ("jobs", kinds(info)),
        ("basis", info.basis.name().to_owned()),
    ];
    if !info.aliases.is_empty() {
        facts.push(("also", info.aliases.join(", ")));
    }
    if let Some(text) = texts::get_text(info.id) {
        facts.push(("text", format!("{} ({})", text.text, text.basis.name())));
    }
    facts
}

fn kinds(info: &RuleInfo) -> String {
    info.jobs.iter().map(|kind| kind.noun()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/RULES.md is what the code says. `MOCKPLANE_UPDATE=1` writes it.
    #[test]
    fn the_committed_catalogue_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/RULES.md");
        let expected = catalogue();
        if std::env::var_os("MOCKPLANE_UPDATE").is_some() {
            std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs")).unwrap();
            std::fs::write(path, &expected).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(committed == expected, "docs/RULES.md is out of date: run the tests with MOCKPLANE_UPDATE=1");
    }

    #[test]
    fn ec2_has_each_rule_once() {
        let mut ids: Vec<_> = ec2::all().map(|rule| rule.id).collect();
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count);
        // A rule of both kinds refuses calls and stops packets; its page tells both.
        let both = all().filter(|info| ids.contains(&info.id)).map(|info| info.id);
        assert_eq!(both.collect::<Vec<_>>(), ["EC2-RT-LOCAL", "EC2-NAT-STATE"]);
        let both = page("EC2-NAT-STATE").unwrap();
        assert!(both.contains("train-vpc") && both.contains("drained"), "{both}");
        assert!(page("ec2-sub-range").is_some_and(|page| page.contains("/28")));
    }

    #[test]
    fn a_page_tells_what_the_rule_is_about() {
        let page = page("SM-VPC-IP-01").unwrap();
        for part in [
            "two-addresses-per-instance",
            "two private addresses",
            "train-vpc.html#train-vpc-ip",
            "larger subnet",
        ] {
            assert!(page.contains(part), "{part} is missing in\n{page}");
        }
    }
}
