//! Form encoding: `a=b&c=d`, in a body or a query string.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// The pairs of a form, decoded, in order. `None` stands for a pair that is not UTF-8.
pub(super) fn pairs(form: &[u8]) -> impl Iterator<Item = Option<(Cow<'_, str>, Cow<'_, str>)>> {
    form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (key, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &pair[pair.len()..]),
        };
        Some((component(key)?, component(value)?))
    })
}

/// One key or value: `+` is a space, then percent-decoding. `None` if the result is not UTF-8.
fn component(bytes: &[u8]) -> Option<Cow<'_, str>> {
    if !bytes.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return std::str::from_utf8(bytes).ok().map(Cow::Borrowed);
    }
    let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let decoded: Vec<u8> = percent_decode(&spaced).collect();
    String::from_utf8(decoded).ok().map(Cow::Owned)
}
