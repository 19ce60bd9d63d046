//! Parts of objects that are asked for. Source: S3 API reference, `GetObject`; RFC 9110, "Range requests".

use super::S3Error;
use std::ops::Range;

/// The bytes that a `Range` header means in an object of this size. `None`: all of it, as if there were no such header,
/// which is what S3 makes of more than one range and of what cannot be read.
///
/// # Errors
/// No byte of the range is there.
pub fn asked(header: &str, size: u64) -> Result<Option<Range<u64>>, S3Error> {
    let none = || S3Error::InvalidRange { range_requested: header.to_owned(), actual_object_size: size };
    let Some((first, last)) = header.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Ok(None);
    };
    let range = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.is_empty() => first..size,
        (Err(_), Ok(length)) if first.is_empty() => size - length.min(size)..size,
        _ => return Ok(None),
    };
    if range.start < range.end { Ok(Some(range)) } else { Err(none()) }
}

/// The bytes of a part that was uploaded as such; of an object that came whole, part 1 is all of it.
///
/// # Errors
/// There is no such part.
pub fn of_part(number: u64, parts: &[u64], size: u64) -> Result<Range<u64>, S3Error> {
    let whole = [size];
    let parts = if parts.is_empty() { &whole } else { parts };
    let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let found = index.filter(|index| *index < parts.len()).map(|index| {
        let start = parts[..index].iter().sum::<u64>();
        start..start + parts[index]
    });
    found.ok_or(S3Error::InvalidPartNumber { part_number_requested: number, actual_part_count: parts.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges() {
        let at = |header| asked(header, 10).unwrap();
        assert_eq!(at("bytes=0-0"), Some(0..1));
        assert_eq!(at("bytes=2-"), Some(2..10));
        assert_eq!(at("bytes=-3"), Some(7..10));
        assert_eq!(at("bytes=-30"), Some(0..10));
        assert_eq!(at("bytes=8-99"), Some(8..10));
        for ignored in ["bytes=3-2", "bytes=0-1,3-4", "items=0-1", "bytes=a-b", "bytes=-", "0-1"] {
            assert_eq!(at(ignored), None, "{ignored}");
        }
        for unsatisfiable in ["bytes=10-", "bytes=10-12", "bytes=-0"] {
            assert!(asked(unsatisfiable, 10).is_err(), "{unsatisfiable}");
        }
        assert!(asked("bytes=0-", 0).is_err());
    }

    #[test]
    fn parts() {
        assert_eq!(of_part(2, &[5, 7, 1], 13), Ok(5..12));
        assert_eq!(of_part(1, &[], 13), Ok(0..13));
        assert!(of_part(2, &[], 13).is_err() && of_part(0, &[1], 1).is_err());
    }

    proptest! {
        #[test]
        fn a_range_is_within_the_object(first in 0u64..40, last in 0u64..40, size in 0u64..30) {
            let header = format!("bytes={first}-{last}");
            match asked(&header, size) {
                Ok(Some(range)) => {
                    prop_assert!(range.start == first && range.end <= size && range.end <= last + 1);
                    prop_assert!(range.end == size || range.end == last + 1);
                }
                Ok(None) => prop_assert!(first > last),
                Err(_) => prop_assert!(first >= size),
            }
        }
    }
}
