//! Streams of events: `application/vnd.amazon.eventstream`.
//!
//! A message is a frame: its length, the length of its headers, a checksum of these, the headers, the payload and a
//! checksum of all. Source: "Event stream encoding" in the user guide of Amazon Transcribe, and the Smithy
//! specification of the format.

use flate2::Crc;

/// The type of such a body.
pub const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// The type of a header whose value is text.
const TEXT: u8 = 7;

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Appends a message. Headers are short: names of at most 255 bytes, values of at most 65,535.
pub fn write(out: &mut Vec<u8>, headers: &[(&str, &str)], payload: &[u8]) {
    let mut head = Vec::new();
    for (name, value) in headers {
        let (name, value) = (&name.as_bytes()[..name.len().min(255)], value.as_bytes());
        let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
        head.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        head.extend_from_slice(name);
        head.push(TEXT);
        head.extend_from_slice(&length.to_be_bytes());
        head.extend_from_slice(&value[..usize::from(length)]);
    }
    let size = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    let begin = out.len();
    out.extend_from_slice(&size(head.len() + payload.len() + 16));
    out.extend_from_slice(&size(head.len()));
    let prelude = checksum(&out[begin..]);
    out.extend_from_slice(&prelude.to_be_bytes());
    out.extend_from_slice(&head);
    out.extend_from_slice(payload);
    let whole = checksum(&out[begin..]);
    out.extend_from_slice(&whole.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Message = (Vec<(String, String)>, Vec<u8>);

    /// Reads one message, as a client would; what follows it comes back.
    fn read(bytes: &[u8]) -> (Message, &[u8]) {
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        let (total, head) = (number(0) as usize, number(4) as usize);
        assert_eq!(number(8), checksum(&bytes[..8]));
        assert_eq!(number(total - 4), checksum(&bytes[..total - 4]));
        let mut rest = &bytes[12..12 + head];
        let mut headers = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        while let Some((length, after)) = rest.split_first() {
            let (name, after) = after.split_at(usize::from(*length));
            assert_eq!(after[0], TEXT);
            let length = usize::from(u16::from_be_bytes(after[1..3].try_into().unwrap()));
            headers.push((text(name), text(&after[3..3 + length])));
            rest = &after[3 + length..];
        }
        ((headers, bytes[12 + head..total - 4].to_vec()), &bytes[total..])
    }

    #[test]
    fn the_checksum_is_the_one_of_gzip() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
    }

    proptest! {
        #[test]
        fn messages_arrive_as_they_were_sent(
            sent in proptest::collection::vec(
                (
                    proptest::collection::vec(("[:a-z-]{1,20}", "\\PC{0,40}"), 0..4),
                    proptest::collection::vec(any::<u8>(), 0..200),
                ),
                0..5,
            )
        ) {
            let mut bytes = Vec::new();
            for (headers, payload) in &sent {
                let headers: Vec<_> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
                write(&mut bytes, &headers, payload);
            }
            let mut rest = &bytes[..];
            let mut arrived: Vec<Message> = Vec::new();
            while !rest.is_empty() {
                let (message, after) = read(rest);
                arrived.push(message);
                rest = after;
            }
            prop_assert_eq!(arrived, sent);
        }
    }
}
