//! What in a text stands for something else on every control plane: ids, times, numbers of accounts.

use fancy_regex::Regex;
use std::sync::LazyLock;

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'t> {
    /// Says what it says.
    Plain(&'t str),
    /// Names something by a word that a control plane has chosen. Words of one kind stand for each other; of ids of
    /// resources the kind is what is before the number.
    Id(Kind<'t>, &'t str),
    /// When something was. Any time will do: control planes do not share their clocks.
    Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'t> {
    Resource(&'t str),
    Named(&'static str),
}

/// Patterns, the first that matches counts; what is not named here is plain.
const PATTERNS: [(&str, &str); 16] = [
    // Where the control plane is.
    ("endpoint", r"\bhttps?://(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|s3[a-z0-9.-]*\.amazonaws\.com)(?::\d+)?"),
    (
        "time",
        r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d(?:[.,:]\d+)?(?:Z|[+-]\d\d:?\d\d)?|(?:-\d\d){3}(?:-\d{1,3})?)?\b",
    ),
    ("path", r"\b\d{4}/\d\d/\d\d(?:/\d\d)?(?:/\d\d-\d\d-\d\d-\d{1,3})?\b"),
    ("stamp", r"\b(?:\d{8}T\d{4,6}Z|1\d{9}(?:\d{3})?)\b"),
    ("uuid", r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"),
    // Jobs that a pipeline starts: its execution, the step, and what makes it another one.
    ("started", r"\bpipelines-[a-z0-9]{12}-[A-Za-z0-9-]*-[A-Za-z0-9]{10}\b"),
    // The names of a VPC endpoint have a suffix of their own.
    (
        "resource",
        r"\b[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*?-(?:[0-9a-f]{17}|[0-9a-f]{8,12})(?:-[0-9a-z]{8})?\b",
    ),
    ("key", r"\b(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA|AIPA|ANVA|ASCA)[A-Z0-9]{12,}\b"),
    ("account", r"\b\d{12}\b"),
    ("mac", r"\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b"),
    ("host", r"\b(?:ec2|ip)-\d{1,3}(?:-\d{1,3}){3}\b"),
    ("address", r"\b\d{1,3}(?:\.\d{1,3}){3}\b(?!/)"),
    // Addresses and blocks of Amazon's.
    ("ipv6", r"\b2[0-9a-f]{3}:[0-9a-f:]+(?:/\d{1,3})?"),
    ("digest", r"\b(?=[a-f]*[0-9])[0-9a-f]{16,64}\b"),
    // Clusters, domains of Studio and apps have such ids.
    (
        "code",
        r"(?<=\bcluster/)[a-z0-9]{12}\b|\bd-[a-z0-9]{12}\b|\b(?=[a-z]*[0-9])(?=[0-9]*[a-z])[a-z0-9]{12}\b",
    ),
    // Words that only their maker reads, such as versions of objects and tokens.
    (
        "opaque",
        r"\bZ(?=[A-Z]*[0-9])[A-Z0-9]{12,31}\b|\b(?=[A-Za-z+/_=.-]*[0-9])(?=[a-z0-9+/_=.-]*[A-Z])(?=[A-Z0-9+/_=.-]*[a-z])[A-Za-z0-9+_=.-]{30,}",
    ),
];

static ALL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let all: Vec<_> = PATTERNS.iter().map(|(name, pattern)| format!("(?<{name}>{pattern})")).collect();
    Regex::new(&all.join("|")).ok()
});

/// The pieces of a text.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    let all = ALL.as_ref().into_iter().flat_map(|all| all.captures_iter(text));
    for captures in all.map_while(Result::ok) {
        let Some(whole) = captures.get(0) else { continue };
        let named = |name: &str| captures.name(name).is_some();
        let word = whole.as_str();
        let token = if ["time", "path", "stamp"].into_iter().any(named) {
            Token::Time
        } else if named("resource") {
            Token::Id(Kind::Resource(prefix(word)), word)
        } else {
            let kind = PATTERNS.iter().map(|(name, _)| *name).find(|name| named(name));
            Token::Id(Kind::Named(kind.unwrap_or_default()), word)
        };
        if at < whole.start() {
            found.push(Token::Plain(&text[at..whole.start()]));
        }
        found.push(token);
        at = whole.end();
    }
    if at < text.len() || text.is_empty() {
        found.push(Token::Plain(&text[at..]));
    }
    found
}

/// What is before the number of an id: `eni-attach` of `eni-attach-0123456789abcdef0`.
fn prefix(id: &str) -> &str {
    let number =
        id.split('-').position(|part| part.len() >= 8 && part.bytes().all(|b| b.is_ascii_hexdigit()));
    let end = id.split('-').take(number.unwrap_or(1)).map(|part| part.len() + 1).sum::<usize>();
    &id[..end.saturating_sub(1).min(id.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_apart_where_words_are_of_their_maker() {
        use Token::{Id, Plain, Time};
        let named = |name, word| Id(Kind::Named(name), word);
        let resource = |prefix, word| Id(Kind::Resource(prefix), word);
        for (text, expected) in [
            ("", vec![Plain("")]),
            ("ml.m5.large", vec![Plain("ml.m5.large")]),
            ("10.0.0.0/16", vec![Plain("10.0.0.0/16")]),
            ("10.0.0.7", vec![named("address", "10.0.0.7")]),
            (
                "The vpc 'vpc-0123456789abcdef0' has dependencies",
                vec![
                    Plain("The vpc '"),
                    resource("vpc", "vpc-0123456789abcdef0"),
                    Plain("' has dependencies"),
                ],
            ),
            ("eni-attach-0123456789abcdef0", vec![resource("eni-attach", "eni-attach-0123456789abcdef0")]),
            (
                "vpce-0123456789abcdef0-a1b2c3d4.s3.us-east-1.vpce.amazonaws.com",
                vec![
                    resource("vpce", "vpce-0123456789abcdef0-a1b2c3d4"),
                    Plain(".s3.us-east-1.vpce.amazonaws.com"),
                ],
            ),
            (
                "arn:aws:iam::111122223333:role/trainer",
                vec![Plain("arn:aws:iam::"), named("account", "111122223333"), Plain(":role/trainer")],
            ),
            ("2026-01-05T09:00:00.000Z", vec![Time]),
            ("job/algo-1-1767603600", vec![Plain("job/"), resource("algo-1", "algo-1-1767603600")]),
            ("learnTA-001-a09121fb", vec![resource("learnTA-001", "learnTA-001-a09121fb")]),
            (":cluster/ixyttkqtynwo", vec![Plain(":cluster/"), named("code", "ixyttkqtynwo")]),
            ("3UR.P_YBABCYIJGA_MLQORZ1Emockpln", vec![named("opaque", "3UR.P_YBABCYIJGA_MLQORZ1Emockpln")]),
            (
                "data-quality-monitoring-202601051000-0021c380ed60e72b1e29f697",
                vec![
                    resource("data-quality-monitoring", "data-quality-monitoring-202601051000"),
                    Plain("-"),
                    named("digest", "0021c380ed60e72b1e29f697"),
                ],
            ),
            (
                "'2600:1f96:61c8:300::/56' is",
                vec![Plain("'"), named("ipv6", "2600:1f96:61c8:300::/56"), Plain("' is")],
            ),
            (
                "http://127.0.0.1:4545/data/whole",
                vec![named("endpoint", "http://127.0.0.1:4545"), Plain("/data/whole")],
            ),
            ("02:ab:00:00:00:01", vec![named("mac", "02:ab:00:00:00:01")]),
            (
                "12345678-1234-1234-1234-123456789012",
                vec![named("uuid", "12345678-1234-1234-1234-123456789012")],
            ),
            ("AROAABCDEFGHIJKLMNOPQ:session", vec![named("key", "AROAABCDEFGHIJKLMNOPQ"), Plain(":session")]),
        ] {
            assert_eq!(tokens(text), expected, "{text}");
        }
    }

    #[test]
    fn a_long_name_is_no_token_of_a_page() {
        let name = "a-name-that-is-rather-long-and-still-was-chosen-by-a-person";
        assert_eq!(tokens(name), [Token::Plain(name)]);
    }
}
