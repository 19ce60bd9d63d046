//! Patterns: `*` for any characters, `?` for one.

/// What a text of a policy means where it is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mode {
    /// Equal.
    Exact,
    /// Equal, whatever the case.
    IgnoreCase,
    /// A pattern.
    Like,
    /// A pattern for ARNs, as conditions have them: each of the six components is looked at for itself, so a
    /// wildcard does not reach over a colon ("ARN condition operators"). Colons within the sixth are no borders.
    Arn,
    /// A pattern for ARNs, as `Resource` has them: wildcards stay within their component, but a `*` that ends one
    /// may reach over colons ("Resource": "Using wildcards in resource ARNs"). What is no ARN is a plain pattern.
    Resource,
}

/// One step of a pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// This byte.
    Byte(u8),
    /// Any one character.
    One,
    /// Any one character but a colon.
    OneWithin,
    /// Any characters.
    Many,
    /// Any characters but colons.
    ManyWithin,
}

/// A pattern, in the form that is fastest to ask.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Pattern {
    Any,
    Never,
    Exact(Box<[u8]>),
    Prefix(Box<[u8]>),
    /// In lower case.
    IgnoreCase(Box<str>),
    Steps(Box<[Step]>),
}

/// The steps of a text whose wildcards are wildcards.
pub(super) fn wild(text: &str) -> impl Iterator<Item = Step> {
    text.bytes().map(|byte| match byte {
        b'*' => Step::Many,
        b'?' => Step::One,
        byte => Step::Byte(byte),
    })
}

/// The steps of a text that means itself.
pub(super) fn plain(text: &str) -> impl Iterator<Item = Step> {
    text.bytes().map(Step::Byte)
}

impl Pattern {
    /// A pattern for names whose case does not matter: what it is asked about must be in lower case.
    pub fn lower(text: &str) -> Pattern {
        Pattern::of(wild(&text.to_ascii_lowercase()).collect(), Mode::Like)
    }

    pub fn of(mut steps: Vec<Step>, mode: Mode) -> Pattern {
        steps.dedup_by(|next, before| *next == Step::Many && *before == Step::Many);
        match mode {
            Mode::IgnoreCase => {
                return Pattern::IgnoreCase(String::from_utf8_lossy(&bytes(&steps)).to_lowercase().into());
            }
            Mode::Arn if colons(&steps) < 5 => return Pattern::Never,
            Mode::Arn => keep_within(&mut steps, false),
            Mode::Resource if steps.starts_with(&b"arn:".map(Step::Byte)) => keep_within(&mut steps, true),
            _ => {}
        }
        let start = bytes(&steps);
        match &steps[start.len()..] {
            [] => Pattern::Exact(start),
            [Step::Many] if start.is_empty() => Pattern::Any,
            [Step::Many] => Pattern::Prefix(start),
            _ => Pattern::Steps(steps.into()),
        }
    }

    pub fn matches(&self, text: &str) -> bool {
        match self {
            Pattern::Any => true,
            Pattern::Never => false,
            Pattern::Exact(bytes) => **bytes == *text.as_bytes(),
            Pattern::Prefix(bytes) => text.as_bytes().starts_with(bytes),
            Pattern::IgnoreCase(lower) => **lower == text.to_lowercase(),
            Pattern::Steps(steps) => walk(steps, text.as_bytes()),
        }
    }
}

/// The bytes before the first wildcard.
fn bytes(steps: &[Step]) -> Box<[u8]> {
    let byte = |step: &Step| if let Step::Byte(byte) = step { Some(*byte) } else { None };
    steps.iter().map_while(byte).collect()
}

fn colons(steps: &[Step]) -> usize {
    steps.iter().filter(|step| **step == Step::Byte(b':')).count()
}

/// Keeps the wildcards of the first five components of an ARN within them; a star at the end of one stays free if
/// `free_ends`.
fn keep_within(steps: &mut [Step], free_ends: bool) {
    let mut colons = 0;
    for at in 0..steps.len() {
        let ends = matches!(steps.get(at + 1), None | Some(Step::Byte(b':')));
        match steps[at] {
            Step::Byte(b':') => colons += 1,
            _ if colons == 5 => return,
            Step::One => steps[at] = Step::OneWithin,
            Step::Many if !(free_ends && ends) => steps[at] = Step::ManyWithin,
            _ => {}
        }
    }
}

/// Whether the steps lead from the start of the text to its end.
///
/// Where they do not fit, the last star takes one character more and the walk goes on behind it. Earlier stars need
/// no second look, since whatever they could take the last one can take as well, with one exception: a star that is
/// stopped by a colon, so the last one that is not is remembered beside it.
fn walk(steps: &[Step], text: &[u8]) -> bool {
    let (mut step, mut at) = (0, 0);
    let (mut free, mut within) = (None, None);
    loop {
        let here = text.get(at);
        match (steps.get(step), here) {
            (None, None) => return true,
            (Some(Step::Many), _) => {
                step += 1;
                free = Some((step, at));
                within = None;
                continue;
            }
            (Some(Step::ManyWithin), _) => {
                step += 1;
                within = Some((step, at));
                continue;
            }
            (Some(Step::Byte(byte)), Some(is)) if byte == is => {
                step += 1;
                at += 1;
                continue;
            }
            (Some(Step::One), Some(_)) => {
                step += 1;
                at = next(text, at);
                continue;
            }
            (Some(Step::OneWithin), Some(is)) if *is != b':' => {
                step += 1;
                at = next(text, at);
                continue;
            }
            _ => {}
        }
        if let Some((after, from)) = within
            && text.get(from).is_some_and(|byte| *byte != b':')
        {
            (step, at) = (after, next(text, from));
            within = Some((step, at));
        } else if let Some((after, from)) = free
            && from < text.len()
        {
            (step, at) = (after, next(text, from));
            free = Some((step, at));
            within = None;
        } else {
            return false;
        }
    }
}

/// Where the character after the one at `at` begins.
fn next(text: &[u8], at: usize) -> usize {
    let is_inside = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
    at + 1 + text[at + 1..].iter().take_while(is_inside).count()
}
