//! Commands of the AWS CLI as bash reads them: one line each, quoted where they have to be.

use std::fmt::Display;

/// What stands around the name of a shell variable within a value. No id, name or JSON text contains them.
const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

/// A shell variable in a value: what an earlier command made.
pub fn variable(name: &str) -> String {
    format!("{OPEN}{name}{CLOSE}")
}

/// The value, with other names for its shell variables. A name may be a command in brackets, which is put in place of it.
pub fn renamed(value: &str, rename: impl Fn(&str) -> String) -> String {
    let mut parts = value.split(OPEN);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(CLOSE).unwrap_or((part, ""));
        out.push_str(&variable(&rename(name)));
        out.push_str(rest);
    }
    out
}

/// A command in the making.
pub struct Command(String);

/// Begins `aws SERVICE OPERATION`.
pub fn aws(operation: &str) -> Command {
    Command(format!("aws {operation}"))
}

impl Command {
    /// An option with its value.
    #[must_use]
    pub fn with(mut self, option: &str, value: impl Display) -> Self {
        self.0.push_str(" --");
        self.0.push_str(option);
        self.0.push(' ');
        self.0.push_str(&quoted(&value.to_string()));
        self
    }

    /// An option with several values.
    #[must_use]
    pub fn with_all(mut self, option: &str, values: impl IntoIterator<Item = impl Display>) -> Self {
        self.0.push_str(" --");
        self.0.push_str(option);
        for value in values {
            self.0.push(' ');
            self.0.push_str(&quoted(&value.to_string()));
        }
        self
    }

    /// An option without a value.
    #[must_use]
    pub fn flag(mut self, option: &str) -> Self {
        self.0.push_str(" --");
        self.0.push_str(option);
        self
    }

    /// The line that runs it.
    pub fn line(self) -> String {
        self.0
    }

    /// The line that runs it and keeps a part of its answer in a variable.
    pub fn into_variable(self, name: &str, part: &str) -> String {
        format!("{name}=$({})", self.with("query", part).with("output", "text").0)
    }
}

/// The line, but what it makes is not made again if the variable holds it.
pub fn unless_made(line: &str) -> String {
    match line.split_once("=$(") {
        Some((name, rest)) => format!("{name}=${{{name}:-$({rest}}}"),
        None => line.to_owned(),
    }
}

/// A value as one word of bash.
pub fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    let mut word = String::new();
    let mut parts = value.split(OPEN);
    word.push_str(&literal(parts.next().unwrap_or_default()));
    for part in parts {
        let (name, rest) = part.split_once(CLOSE).unwrap_or((part, ""));
        word.push_str(&format!("\"${name}\"{}", literal(rest)));
    }
    if word.is_empty() { "''".to_owned() } else { word }
}

/// Text in which nothing means anything to bash. One line stays one line.
fn literal(text: &str) -> String {
    let mut word = String::new();
    for part in text.split_inclusive(char::is_control) {
        let end = part.chars().next_back().filter(|last| last.is_control());
        let line = &part[..part.len() - end.map_or(0, char::len_utf8)];
        if !line.is_empty() {
            word.push_str(&format!("'{}'", line.replace('\'', "'\\''")));
        }
        match end {
            Some('\n') => word.push_str("$'\\n'"),
            Some(other) => word.push_str(&format!("$'\\u{:04x}'", u32::from(other))),
            None => {}
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_where_bash_would_read_them() {
        let id = variable("VPCE");
        for (value, word) in [
            ("subnet-1", "subnet-1"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", "'it'\\''s'"),
            ("$(rm)`x`", "'$(rm)`x`'"),
            ("a\nb", "'a'$'\\n''b'"),
            ("a\t\r\n", "'a'$'\\u0009'$'\\u000d'$'\\n'"),
            (id.as_str(), "\"$VPCE\""),
            (&format!("{{\"id\":\"{id}\"}}"), "'{\"id\":\"'\"$VPCE\"'\"}'"),
        ] {
            assert_eq!(quoted(value), word);
        }
        let line =
            aws("ec2 create-vpc-endpoint").with("vpc-id", "vpc-1").into_variable("VPCE", "VpcEndpoint.Id");
        assert_eq!(
            line,
            "VPCE=$(aws ec2 create-vpc-endpoint --vpc-id vpc-1 --query VpcEndpoint.Id --output text)"
        );
        assert_eq!(unless_made("VPCE=$(aws ec2 x)"), "VPCE=${VPCE:-$(aws ec2 x)}");
        assert_eq!(unless_made("aws ec2 x"), "aws ec2 x");
    }
}
