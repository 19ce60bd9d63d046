//! Explanations as a page of their own: nothing is loaded from anywhere, and nothing in it runs.

use super::Reachability;
use crate::jobs::Explanation;
use crate::jobs::explain::{HopReport, PathReport, RuleReport};
use crate::jobs::remedy::Fix;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Colours hold WCAG's contrast of 4.5 to 1, and none says anything that a word does not say too.
const STYLE: &str = "\
:root{color-scheme:light;font:16px/1.5 system-ui,sans-serif;color:#1b1f24;background:#fff}\
body{max-width:72rem;margin:0 auto;padding:1.5rem}h1{font-size:1.5rem;margin:0 0 .5rem}\
h2{font-size:1.15rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:1rem 0 .5rem}code,pre{font:.85rem/1.5 ui-monospace,monospace}\
pre{background:#f3f4f6;border:1px solid #c8ccd2;padding:.75rem;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}\
.reason{border-left:.4rem solid #a40e26;background:#fdecee;padding:.75rem;overflow-wrap:anywhere}\
ol.path{list-style:none;display:flex;flex-wrap:wrap;gap:.75rem 2rem;padding:0}\
ol.path>li{position:relative;border:2px solid #1a6b3c;background:#eefaf2;border-radius:.4rem;padding:.5rem .75rem;max-width:17rem;overflow-wrap:anywhere}\
ol.path>li+li::before{content:\"\\2192\";position:absolute;left:-1.6rem;top:40%;color:#1b1f24;font-size:1.2rem}\
ol.path>li.start{border-color:#4a5568;background:#f3f4f6}ol.path>li.next{border:2px dashed #a40e26;background:#fff}\
ol.path>li.red{border:4px solid #a40e26;background:#fdecee}\
.word{font-weight:700}.red .word,.next .word{color:#8f0c21}dl{margin:.25rem 0;font-size:.85rem}dt{font-weight:600;float:left;clear:left;margin-right:.4rem}dd{margin:0}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;border-bottom:1px solid #c8ccd2;padding:.35rem .5rem;overflow-wrap:anywhere}\
tr.violated td:first-child{color:#8f0c21;font-weight:700}a{color:#0b57b0}\
.fix{border-left:.4rem solid #1a6b3c;padding-left:.75rem;margin:1rem 0}";

/// An explanation.
pub fn explanation(all: &Explanation) -> String {
    let mut html = head(&all.job);
    let status = match (all.would_complete, all.refusal.is_some(), all.secondary_status) {
        (Some(true), ..) => "would complete".to_owned(),
        (Some(false), true, _) => "would be refused".to_owned(),
        (Some(false), ..) => format!("would not complete: {}", all.status),
        (None, _, Some(secondary)) => format!("{} ({secondary})", all.status),
        (None, ..) => all.status.to_owned(),
    };
    let _ = write!(html, "<h1>{}: {}</h1>", escape(&all.job), escape(&status));
    if let Some(refusal) = &all.refusal {
        let _ = write!(
            html,
            "<p class=\"reason\"><span class=\"word\">{} {}</span> ({})<br>{}</p>",
            escape(&refusal.code),
            refusal.http_status,
            escape(&refusal.operation),
            escape(&refusal.message)
        );
        if let Some(because) = &refusal.because {
            let _ = write!(html, "<p class=\"reason\">{}</p>", escape(because));
        }
    }
    if let Some(reason) = &all.failure_reason {
        let _ = write!(html, "<p class=\"reason\">{}</p>", escape(reason));
    }
    if let Some(rule) = all.decided_by {
        let _ = write!(html, "<p>Decided by <code>{}</code>.", escape(rule));
        if !all.would_have_failed_next.is_empty() {
            let next = all.would_have_failed_next.iter().map(|rule| format!("<code>{}</code>", escape(rule)));
            let _ = write!(html, " Would have failed next: {}.", next.collect::<Vec<_>>().join(", "));
        }
        html.push_str("</p>");
    }
    if let Some(refusal) = all.refusal.as_ref().filter(|refusal| refusal.summary.is_some()) {
        let _ = write!(html, "<p>{}</p>", escape(refusal.summary.unwrap_or_default()));
        sources(&mut html, &refusal.sources);
    }
    fixes(&mut html, &all.fixes);
    if !all.interfaces.is_empty() {
        html.push_str("<h2>Interfaces</h2><table><tr><th>interface</th><th>addresses</th><th>subnet</th><th>security groups</th><th>state</th></tr>");
        for interface in &all.interfaces {
            let cells = [
                interface.id.clone(),
                interface.addresses.join(", "),
                interface.subnet.clone(),
                interface.groups.join(", "),
                match (interface.would_exist, interface.exists) {
                    (true, _) => "would be made",
                    (false, true) => "there",
                    (false, false) => "released",
                }
                .to_owned(),
            ];
            let cells: String = cells.iter().map(|cell| format!("<td>{}</td>", escape(cell))).collect();
            let _ = write!(html, "<tr>{cells}</tr>");
        }
        html.push_str("</table>");
    }
    for phase in &all.phases {
        let _ = write!(html, "<h2>Phase {}</h2>", escape(phase.phase));
        phase.paths.iter().for_each(|one| path(&mut html, one));
        rules(&mut html, &phase.rules);
    }
    html.push_str("</body></html>\n");
    html
}

/// A path, and what to do.
pub fn reachability(all: &Reachability) -> String {
    let mut html = head(&all.path.to);
    let outcome = if all.reaches { "is reached" } else { "is not reached" };
    let _ = write!(html, "<h1>{} {outcome}</h1>", escape(&all.path.to));
    path(&mut html, &all.path);
    fixes(&mut html, &all.fixes);
    html.push_str("</body></html>\n");
    html
}

fn head(title: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{}</title><style>{STYLE}</style></head><body>",
        escape(title)
    )
}

/// A path: what it begins at, and each hop as a box, with arrows between them.
fn path(html: &mut String, path: &PathReport) {
    let outcome = if path.reaches { "reaches it" } else { "does not get there" };
    let facts = path.from.iter().flat_map(|from| {
        [
            ("address", from.address.clone()),
            ("subnet", from.subnet.clone()),
            ("groups", from.groups.join(", ")),
        ]
    });
    let interface = path.from.as_ref().map_or("the service's own network", |from| {
        from.interface.as_deref().unwrap_or("an interface to be made")
    });
    let _ = write!(
        html,
        "<h3>To {}, {} {}: {outcome}</h3><ol class=\"path\"><li class=\"start\"><span class=\"word\">{}</span>{}</li>",
        escape(&path.to),
        path.transport,
        path.port,
        escape(interface),
        list(&facts.collect())
    );
    path.hops.iter().for_each(|one| hop(html, one));
    html.push_str("</ol>");
}

fn hop(html: &mut String, hop: &HopReport) {
    let (class, mark) = match (hop.verdict, hop.decides) {
        ("passed", _) => ("", "\u{2713} passed"),
        (_, true) => ("red", "\u{2717} blocked here"),
        (_, false) => ("next", "\u{2717} would block next"),
    };
    let _ = write!(
        html,
        "<li class=\"{class}\"><span class=\"word\">{mark}</span><br>{} <code>{}</code>",
        escape(hop.kind),
        escape(&hop.at)
    );
    let mut facts = hop.evidence.clone();
    facts.extend(hop.element.clone().map(|element| ("decided", element)));
    facts.insert("rule", hop.rule.to_owned());
    html.push_str(&list(&facts));
    sources(html, &hop.sources);
    html.push_str("</li>");
}

fn list(facts: &BTreeMap<&'static str, String>) -> String {
    let each =
        facts.iter().map(|(name, value)| format!("<dt>{}</dt><dd>{}</dd>", escape(name), escape(value)));
    format!("<dl>{}</dl>", each.collect::<String>())
}

fn sources(html: &mut String, sources: &[String]) {
    for source in sources {
        let shown = escape(source);
        let _ = match source.starts_with("https://") {
            true => write!(html, "<small><a href=\"{shown}\" rel=\"noreferrer\">{shown}</a></small> "),
            false => write!(html, "<small>{shown}</small> "),
        };
    }
}

fn rules(html: &mut String, rules: &[RuleReport]) {
    if rules.is_empty() {
        return;
    }
    html.push_str("<table><tr><th>verdict</th><th>rule</th><th>evidence</th><th>source</th></tr>");
    for rule in rules {
        let mut facts = rule.evidence.clone();
        facts.extend(rule.resource.clone().map(|resource| ("what", resource)));
        let class = if rule.verdict == "violated" { "violated" } else { "" };
        let mode = if rule.mode == "enforce" { String::new() } else { format!(" ({})", rule.mode) };
        let _ = write!(
            html,
            "<tr class=\"{class}\"><td>{}{}</td><td><code>{}</code> {} ({})</td><td>{}</td><td>",
            escape(rule.verdict),
            escape(&mode),
            escape(rule.id),
            escape(rule.name),
            escape(rule.basis),
            list(&facts)
        );
        sources(html, &rule.sources);
        html.push_str("</td></tr>");
    }
    html.push_str("</table>");
}

fn fixes(html: &mut String, fixes: &[Fix]) {
    if !fixes.is_empty() {
        html.push_str("<h2>What to do</h2>");
    }
    for fix in fixes {
        let _ = write!(
            html,
            "<div class=\"fix\"><p>{} <small>(<code>{}</code>)</small></p>",
            escape(&fix.words),
            escape(fix.rule)
        );
        if !fix.commands.is_empty() {
            let _ = write!(html, "<pre>{}</pre>", escape(&fix.commands.join("\n")));
        }
        html.push_str("</div>");
    }
}

/// Text that means nothing to HTML, within elements and within attributes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push('\n'),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
