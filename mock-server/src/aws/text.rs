//! Small writers and spellings that several codecs share.

/// Appends a number in decimal.
pub(super) fn write_u64(out: &mut Vec<u8>, mut n: u64) {
    let mut text = [0u8; 20];
    let mut at = text.len();
    loop {
        at -= 1;
        text[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(&text[at..]);
}

/// Appends a number in decimal.
pub(super) fn write_i64(out: &mut Vec<u8>, n: i64) {
    if n < 0 {
        out.push(b'-');
    }
    write_u64(out, n.unsigned_abs());
}

/// Appends a number as XML and JSON both read it; infinities and NaN by their usual names.
pub(super) fn write_f64(out: &mut Vec<u8>, n: f64) {
    use std::io::Write;
    let name = if n.is_nan() {
        "NaN"
    } else if n == f64::INFINITY {
        "Infinity"
    } else if n == f64::NEG_INFINITY {
        "-Infinity"
    } else {
        // Writing to a `Vec` cannot fail; `{:?}` keeps the `.0` of whole numbers and short exponents.
        let _ = write!(out, "{n:?}");
        return;
    };
    out.extend_from_slice(name.as_bytes());
}

/// `true` for bytes that need no care in XML text.
const XML_PLAIN: [bool; 256] = {
    let mut table = [true; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = byte == 0x9;
        byte += 1;
    }
    table[b'&' as usize] = false;
    table[b'<' as usize] = false;
    table[b'>' as usize] = false;
    table[b'"' as usize] = false;
    table[b'\'' as usize] = false;
    // The first byte of U+FFFE and U+FFFF, which XML forbids; most characters under it are fine.
    table[0xEF] = false;
    table
};

/// Appends text as XML character data.
///
/// Line ends are written as references, since parsers would otherwise fold `\r\n`. Control characters
/// and the two non-characters cannot occur in XML 1.0 at all, not even as references: each becomes
/// U+FFFD, so that a strange name never makes the whole answer unreadable.
pub(super) fn write_xml(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    // Nearly every text is plain, and asking all bytes at once is quicker than stopping at the first that is not.
    let special = |byte: u8| byte < 0x20 || matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'' | 0xEF);
    if !bytes.iter().fold(false, |any, byte| any | special(*byte)) {
        out.extend_from_slice(bytes);
        return;
    }
    let mut plain = 0;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if XML_PLAIN[usize::from(byte)] {
            at += 1;
            continue;
        }
        let (length, replacement): (usize, &[u8]) = match byte {
            b'&' => (1, b"&amp;"),
            b'<' => (1, b"&lt;"),
            b'>' => (1, b"&gt;"),
            b'"' => (1, b"&quot;"),
            b'\'' => (1, b"&apos;"),
            b'\n' => (1, b"&#xA;"),
            b'\r' => (1, b"&#xD;"),
            0xEF if matches!(bytes.get(at + 1..at + 3), Some([0xBF, 0xBE | 0xBF])) => {
                (3, "\u{FFFD}".as_bytes())
            }
            0xEF => {
                at += 1;
                continue;
            }
            _ => (1, "\u{FFFD}".as_bytes()),
        };
        out.extend_from_slice(&bytes[plain..at]);
        out.extend_from_slice(replacement);
        at += length;
        plain = at;
    }
    out.extend_from_slice(&bytes[plain..]);
}

/// Appends text as a JSON string, without the quotes.
pub(super) fn write_json(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let bytes = text.as_bytes();
    let mut plain = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[plain..at]);
        plain = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
    out.extend_from_slice(&bytes[plain..]);
}

/// The text with its first letter in lower case, as AWS spells member names in messages.
pub(super) fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + chars.as_str())
}

/// The text with its first letter in upper case, as EC2 spells parameters.
pub(super) fn upper_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}

/// Standard base64.
pub(super) fn base64_encode(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Standard base64, padding optional.
pub(super) fn base64_decode(text: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    use base64::alphabet::STANDARD;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    LENIENT.decode(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(text: &str) -> String {
        let mut out = Vec::new();
        write_xml(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn xml_text_is_always_legal() {
        assert_eq!(xml("a<b>&\"'\t\r\n"), "a&lt;b&gt;&amp;&quot;&apos;\t&#xD;&#xA;");
        assert_eq!(xml("x\u{0}y\u{1b}z"), "x\u{FFFD}y\u{FFFD}z");
        assert_eq!(xml("\u{FFFE}\u{FFFF}\u{FFFD}é"), "\u{FFFD}\u{FFFD}\u{FFFD}é");
    }

    #[test]
    fn json_text_reads_back() {
        let text: String = (0..0x250u32).filter_map(char::from_u32).collect();
        let mut out = vec![b'"'];
        write_json(&mut out, &text);
        out.push(b'"');
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
    }

    #[test]
    fn numbers() {
        let mut out = Vec::new();
        for n in [0, 7, -7, i64::MIN, i64::MAX] {
            write_i64(&mut out, n);
            out.push(b' ');
        }
        for n in [0.5, 1.0, -2.25, 1e21, f64::NAN, f64::NEG_INFINITY] {
            write_f64(&mut out, n);
            out.push(b' ');
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "0 7 -7 -9223372036854775808 9223372036854775807 0.5 1.0 -2.25 1e21 NaN -Infinity "
        );
    }
}
