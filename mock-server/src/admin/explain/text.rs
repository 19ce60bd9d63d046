//! Explanations as text: from the outcome to the details, and at last what to do.

use super::Reachability;
use crate::jobs::Explanation;
use crate::jobs::explain::{HopReport, PathReport, RuleReport};
use crate::jobs::remedy::Fix;
use std::fmt::Write as _;

/// An explanation. What it quotes of users' own is kept to one line each.
pub fn explanation(all: &Explanation) -> String {
    let mut text = String::new();
    let status = match all.secondary_status {
        Some(secondary) => format!("{} ({secondary})", all.status),
        None => all.status.to_owned(),
    };
    let _ = match all.would_complete {
        Some(true) => writeln!(text, "{} would complete", plain(&all.job)),
        Some(false) if all.refusal.is_some() => writeln!(text, "{} would be refused", plain(&all.job)),
        Some(false) => writeln!(text, "{} would not complete: {status}", plain(&all.job)),
        None => writeln!(text, "{} is {status}", plain(&all.job)),
    };
    if let Some(refusal) = &all.refusal {
        let operation = plain(&refusal.operation);
        let _ = writeln!(text, "\n{} {} ({operation})", plain(&refusal.code), refusal.http_status);
        let _ = writeln!(text, "{}", plain(&refusal.message));
        if let Some(because) = &refusal.because {
            let _ = writeln!(text, "{}", plain(because));
        }
    }
    if let Some(reason) = &all.failure_reason {
        let _ = writeln!(text, "\n{}", plain(reason));
    }
    let rules = || all.phases.iter().flat_map(|phase| &phase.rules);
    let named = |id: &str| rules().find(|rule| rule.id == id);
    let hops = || all.phases.iter().flat_map(|phase| &phase.paths).flat_map(|path| &path.hops);
    let red = |id: &str| hops().find(|hop| hop.rule == id && hop.verdict == "blocked");
    let told = all.decided_by.iter().map(|id| ("Decided by", *id));
    let next = all.would_have_failed_next.iter().map(|id| ("Would have failed next:", *id));
    for (what, id) in told.chain(next) {
        match (named(id), red(id)) {
            (Some(rule), _) => {
                let _ = writeln!(text, "\n{what} {} {} ({})", rule.id, rule.name, rule.basis);
                tell(&mut text, rule, red(id).is_some());
            }
            (None, Some(hop)) => {
                let _ = writeln!(text, "\n{what} {} {} at {}", hop.rule, hop.kind, plain(&hop.at));
                tell_hop(&mut text, hop);
            }
            (None, None) => {
                let _ = writeln!(text, "\n{what} {id}");
                if let Some(refusal) = &all.refusal {
                    let facts = [("rule", refusal.summary), ("to do", refusal.hint)];
                    for (name, value) in facts.into_iter().filter_map(|(name, value)| Some((name, value?))) {
                        let _ = writeln!(text, "  {name:<14}{value}");
                    }
                    for source in &refusal.sources {
                        let _ = writeln!(text, "  {:<14}{}", "source", plain(source));
                    }
                }
            }
        }
    }
    if !all.interfaces.is_empty() {
        text.push_str("\ninterfaces\n");
    }
    for interface in &all.interfaces {
        let addresses = interface.addresses.join(", ");
        let groups = interface.groups.join(", ");
        let gone = match (interface.would_exist, interface.exists) {
            (true, _) => " (would be made)",
            (false, true) => "",
            (false, false) => " (released)",
        };
        let _ = writeln!(text, "  {}  {addresses}  {}  {groups}{gone}", interface.id, interface.subnet);
    }
    for phase in &all.phases {
        let _ = writeln!(text, "\n{}", phase.phase);
        // What says nothing of this job is counted, not listed.
        let (silent, telling): (Vec<_>, Vec<_>) =
            phase.rules.iter().partition(|rule| rule.verdict == "not applicable");
        for rule in telling {
            let mode = if rule.mode == "enforce" { String::new() } else { format!(" ({})", rule.mode) };
            let _ = writeln!(text, "  {:<16}{} {}{mode}", rule.verdict, rule.id, rule.name);
        }
        if !silent.is_empty() {
            let _ = writeln!(text, "  {:<16}{} more rules", "not applicable", silent.len());
        }
        phase.paths.iter().for_each(|one| path(&mut text, one));
    }
    fixes(&mut text, &all.fixes);
    text
}

/// A path, and what to do.
pub fn reachability(all: &Reachability) -> String {
    let mut text = String::new();
    path(&mut text, &all.path);
    fixes(&mut text, &all.fixes);
    text
}

/// What a rule saw, and what to do. What a path shows is left to it.
fn tell(text: &mut String, rule: &RuleReport, on_path: bool) {
    let resource = rule.resource.iter().map(|resource| ("what", resource.as_str()));
    let facts = rule.evidence.iter().filter(|_| !on_path);
    let facts = facts.map(|(name, value)| (*name, value.as_str()));
    let hint = rule.hint.iter().map(|hint| ("to do", *hint));
    let sources = rule.sources.iter().map(|source| ("source", source.as_str()));
    for (name, value) in resource.chain(facts).chain(hint).chain(sources) {
        let _ = writeln!(text, "  {name:<14}{}", plain(value));
    }
}

fn tell_hop(text: &mut String, hop: &HopReport) {
    let element = hop.element.iter().map(|element| ("what", element.as_str()));
    let facts = hop.evidence.iter().map(|(name, value)| (*name, value.as_str()));
    let sources = hop.sources.iter().map(|source| ("source", source.as_str()));
    for (name, value) in element.chain(facts).chain(sources) {
        let _ = writeln!(text, "  {name:<14}{}", plain(value));
    }
}

/// A path as a chain: one hop a line.
fn path(text: &mut String, path: &PathReport) {
    let from = match &path.from {
        Some(from) => format!("{} ({})", from.address, from.interface.as_ref().unwrap_or(&from.subnet)),
        None => "the service's own network".to_owned(),
    };
    let outcome = if path.reaches { "reaches it" } else { "does not get there" };
    let to = plain(&path.to);
    let _ = writeln!(text, "  path from {from} to {to}, {} {}: {outcome}", path.transport, path.port);
    for hop in &path.hops {
        let mark = match (hop.verdict, hop.decides) {
            ("passed", _) => "  |",
            (_, true) => "XXX",
            (_, false) => "  x",
        };
        let element =
            hop.element.as_deref().map(|element| format!(": {}", plain(element))).unwrap_or_default();
        let _ = writeln!(
            text,
            "  {mark} {:<8}{:<23}{}{element} [{}]",
            hop.verdict,
            hop.kind,
            plain(&hop.at),
            hop.rule
        );
        let told = hop.evidence.iter().filter(|_| hop.verdict != "passed");
        for (name, value) in told {
            let _ = writeln!(text, "  {:>3}           {name}: {}", "", plain(value));
        }
    }
}

fn fixes(text: &mut String, fixes: &[Fix]) {
    if !fixes.is_empty() {
        text.push_str("\nWhat to do\n");
    }
    for (n, fix) in fixes.iter().enumerate() {
        let _ = writeln!(text, "  {}. {} [{}]", n + 1, plain(&fix.words), fix.rule);
        for command in &fix.commands {
            let _ = writeln!(text, "     {command}");
        }
    }
}

/// Text of users' own without what steers terminals.
fn plain(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
}
