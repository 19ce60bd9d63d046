//! Patterns of the published models, which are written for Java.
//!
//! A pattern is translated once, compiled once, and must match the whole text. Two decisions lean to
//! the caller's side, since a mock must never refuse what AWS accepts: a pattern that cannot be
//! compiled counts as satisfied (a test lists those), and so does a text on which the matcher gives
//! up after its budget of backtracking steps.

use fancy_regex::{Regex, RegexBuilder};

/// Counted repetitions from here on are matched by counting instead of being unrolled: unrolled, a
/// few of the published patterns need megabytes each.
const UNROLL: usize = 100;

/// A compiled pattern.
pub struct Pattern(Option<Regex>);

impl Pattern {
    /// Compiles a pattern of the published models.
    pub fn new(java: &str) -> Self {
        let compiled = translate(java).and_then(|text| {
            RegexBuilder::new(&format!("\\A(?:{text})\\z"))
                .backtrack_limit(200_000)
                .delegate_size_limit(1 << 20)
                .delegate_dfa_size_limit(1 << 20)
                .build()
                .ok()
        });
        Self(compiled)
    }

    /// Whether the pattern is understood here.
    pub fn is_compiled(&self) -> bool {
        self.0.is_some()
    }

    /// Whether the whole text matches. `true` where the matcher cannot tell.
    pub fn matches(&self, text: &str) -> bool {
        self.0.as_ref().is_none_or(|regex| regex.is_match(text).unwrap_or(true))
    }
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Pattern").field(&self.0.as_ref().map(Regex::as_str)).finish()
    }
}

/// Java's notation in Rust's; `None` for what has no counterpart.
///
/// The differences that occur: `\d`, `\w`, `\s` are ASCII in Java; `.` excludes all line ends; POSIX
/// classes are written `\p{Alnum}`; characters above U+FFFF are pairs of `\u` escapes; `--`, `&&` and
/// `~~` in a class are operators in Rust only; a quantifier may follow `$`.
fn translate(java: &str) -> Option<String> {
    let mut translator = Translator { rest: java.chars().peekable(), out: String::new() };
    translator.sequence()?;
    Some(translator.out)
}

struct Translator<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    out: String,
}

impl Translator<'_> {
    fn sequence(&mut self) -> Option<()> {
        // Where each open group begins, and where the last complete atom does.
        let mut groups = Vec::new();
        let mut atom = 0;
        while let Some(letter) = self.rest.next() {
            let begin = self.out.len();
            match letter {
                '\\' => {
                    self.escape(false)?;
                    atom = begin;
                }
                '[' => {
                    self.class()?;
                    atom = begin;
                }
                '(' => {
                    groups.push(begin);
                    self.out.push('(');
                }
                ')' => {
                    self.out.push(')');
                    atom = groups.pop()?;
                }
                '.' => {
                    self.out.push_str("[^\\n\\r\\x{85}\\x{2028}\\x{2029}]");
                    atom = begin;
                }
                '{' => self.count(atom)?,
                '^' | '$' | '*' | '+' | '?' | '|' => self.out.push(letter),
                _ => {
                    self.out.push(letter);
                    atom = begin;
                }
            }
        }
        groups.is_empty().then_some(())
    }

    /// `{m,n}` after the atom that begins at `atom`.
    fn count(&mut self, atom: usize) -> Option<()> {
        let text: String = self.rest.by_ref().take_while(|letter| *letter != '}').collect();
        let (least, most) = text.split_once(',').unwrap_or((&text, &text));
        let largest = least.parse::<usize>().ok()?.max(most.parse().unwrap_or(0));
        // A repeated end of text is the end of text.
        if self.out.ends_with('$') && !self.out.ends_with("\\$") {
            return Some(());
        }
        if largest > UNROLL {
            // An empty look-ahead keeps the repetition with the matcher that counts.
            self.out.insert_str(atom, "(?:(?=)");
            self.out.push(')');
        }
        self.out.push('{');
        self.out.push_str(&text);
        self.out.push('}');
        Some(())
    }

    /// What follows a backslash.
    fn escape(&mut self, in_class: bool) -> Option<()> {
        let letter = self.rest.next()?;
        let nested = |set: &str| if in_class { set.to_owned() } else { format!("[{set}]") };
        let text = match letter {
            'd' => nested("0-9"),
            'w' => nested("A-Za-z0-9_"),
            's' => nested(" \\t\\n\\x0B\\f\\r"),
            'D' => "[^0-9]".to_owned(),
            'W' => "[^A-Za-z0-9_]".to_owned(),
            'S' => "[^ \\t\\n\\x0B\\f\\r]".to_owned(),
            'u' => {
                let unit = self.hex(4)?;
                let code = if (0xD800..0xDC00).contains(&unit) {
                    // A surrogate pair.
                    (self.rest.next()? == '\\' && self.rest.next()? == 'u').then_some(())?;
                    let low = self.hex(4)?;
                    0x1_0000 + ((unit - 0xD800) << 10) + low.checked_sub(0xDC00)?
                } else {
                    unit
                };
                format!("\\x{{{code:X}}}")
            }
            'x' => format!("\\x{{{:X}}}", self.hex(2)?),
            'p' | 'P' => {
                (self.rest.next()? == '{').then_some(())?;
                let name: String = self.rest.by_ref().take_while(|letter| *letter != '}').collect();
                let posix = match name.as_str() {
                    "Alnum" => Some("A-Za-z0-9"),
                    "Alpha" => Some("A-Za-z"),
                    "Digit" => Some("0-9"),
                    "Lower" => Some("a-z"),
                    "Upper" => Some("A-Z"),
                    "Punct" => Some("!-/:-@\\[-`{-~"),
                    "Graph" => Some("!-~"),
                    "Print" => Some(" -~"),
                    "Space" => Some(" \\t\\n\\x0B\\f\\r"),
                    "ASCII" => Some("\\x00-\\x7F"),
                    _ => None,
                };
                match (posix, letter) {
                    (Some(set), 'p') => nested(set),
                    (Some(set), _) => format!("[^{set}]"),
                    (None, _) => format!("\\{letter}{{{name}}}"),
                }
            }
            'A' | 'z' | 'Z' | 'b' | 'B' if !in_class => {
                let letter = if letter == 'Z' { 'z' } else { letter };
                format!("\\{letter}")
            }
            't' | 'n' | 'r' | 'f' => format!("\\{letter}"),
            // What the group of this number matched; the published patterns have fewer than a hundred groups.
            '1'..='9' if !in_class => {
                let second = self.rest.next_if(char::is_ascii_digit);
                format!("\\{letter}{}", second.map(String::from).unwrap_or_default())
            }
            letter if letter.is_ascii_alphanumeric() => return None,
            // Any other character stands for itself.
            letter => format!("\\x{{{:X}}}", u32::from(letter)),
        };
        self.out.push_str(&text);
        Some(())
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        (0..digits).try_fold(0, |number, _| Some(number * 16 + self.rest.next()?.to_digit(16)?))
    }

    /// What follows an opening bracket, up to its closing one.
    fn class(&mut self) -> Option<()> {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut previous = ' ';
        loop {
            let letter = self.rest.next()?;
            match letter {
                ']' => break,
                '[' => self.class()?,
                '\\' => {
                    // A dash behind a set of characters is no range.
                    let set = self.rest.peek().is_some_and(|next| "dDwWsSpP".contains(*next));
                    self.escape(true)?;
                    if set && self.rest.next_if_eq(&'-').is_some() {
                        self.out.push_str("\\-");
                    }
                }
                '-' | '&' | '~' if previous == letter => {
                    self.out.push('\\');
                    self.out.push(letter);
                }
                letter => self.out.push(letter),
            }
            previous = letter;
        }
        self.out.push(']');
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{ServiceId, ServiceModel};

    /// Patterns that are not understood count as satisfied. This list may only shrink.
    const NOT_UNDERSTOOD: [&str; 0] = [];

    #[test]
    fn patterns_that_are_not_understood() {
        let mut found = Vec::new();
        for id in ServiceId::ALL {
            for text in ServiceModel::get(id).pattern_texts() {
                if !Pattern::new(text).is_compiled() {
                    found.push(*text);
                }
            }
        }
        assert_eq!(found, NOT_UNDERSTOOD);
    }

    #[test]
    fn java_and_not_rust() {
        for (pattern, yes, no) in [
            ("[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", "a-b--c", "-a"),
            ("\\d+", "123", "\u{0661}"),
            ("[\\w-\\/.]+", "a-b/c", "a,b"),
            ("(-?)\\d(\\1\\d)*", "-1-2-3", "-12"),
            ("[\\w+=,.@-]*", "Session-1", "Session1:2"),
            ("[\\S]+", "é\u{00A0}x", "a b"),
            (".*", "any thing", "two\rlines"),
            ("([a-z]*)${1,128}", "abc", "ABC"),
            ("\\p{ASCII}*", "abc~", "é"),
            ("arn:[\\p{Alnum}\\-]+:x", "arn:aws-cn:x", "arn:aws_cn:x"),
            ("[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\t]*", "a😀", "a\u{1}"),
            ("[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+", "é\n", "€"),
            ("(?!^[.-])^([a-zA-Z0-9-_.]+)", "a.b-c_d", "-a"),
            ("([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)", "a-b", "a-"),
            ("[^a]{2,3}", "bcd", "bcde"),
            ("x{0,2048}y", "xxxy", "xxx"),
        ] {
            let compiled = Pattern::new(pattern);
            assert!(compiled.is_compiled(), "{pattern}");
            assert!(compiled.matches(yes), "{pattern} {yes}");
            assert!(!compiled.matches(no), "{pattern} {no}");
        }
    }
}
