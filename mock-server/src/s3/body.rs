//! What was sent: freed of the frame of chunks, and compared with the digests that came along.
//!
//! Source: S3 API reference, "Signature calculations for the authorization header: transferring payload in multiple
//! chunks", "... including trailing headers"; S3 user guide, "Checking object integrity in Amazon S3".

use crate::model::bucket::hex;
use crate::services::s3::S3Error;
use crate::services::s3::checksum::Algorithm;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::{HeaderMap, Method, Request};
use md5::{Digest, Md5};
use sha2::Sha256;

/// Takes the frame of chunks off a body and out of its headers; trailers become headers.
///
/// # Errors
/// The frame or a digest is not right.
pub(super) fn plain(request: &Request<Bytes>) -> Result<(HeaderMap, Bytes), S3Error> {
    let mut headers = request.headers().clone();
    let said = text(&headers, "x-amz-content-sha256").unwrap_or_default();
    let encodings = text(&headers, CONTENT_ENCODING.as_str()).unwrap_or_default();
    let chunked = encodings.split(',').any(|encoding| encoding.trim() == "aws-chunked");
    let body = if chunked || said.starts_with("STREAMING-") {
        let whole = unframed(request.body(), &headers)?;
        let rest: Vec<_> =
            encodings.split(',').map(str::trim).filter(|e| *e != "aws-chunked" && !e.is_empty()).collect();
        headers.remove(CONTENT_ENCODING);
        if !rest.is_empty() {
            insert(&mut headers, CONTENT_ENCODING, &rest.join(","));
        }
        for (name, value) in whole.trailers {
            insert(&mut headers, name, &value);
        }
        whole.body
    } else {
        request.body().clone()
    };
    for name in ["x-amz-decoded-content-length", "x-amz-trailer", TRANSFER_ENCODING.as_str()] {
        headers.remove(name);
    }
    if headers.contains_key(CONTENT_LENGTH) || !body.is_empty() {
        insert(&mut headers, CONTENT_LENGTH, &body.len().to_string());
    }
    // Of an upload that is completed the checksums are those of the object.
    let completes = request.method() == Method::POST && has_query(request, "uploadId");
    verified(&headers, &body, completes)?;
    Ok((headers, body))
}

pub(super) fn has_query(request: &Request<Bytes>, name: &str) -> bool {
    let query = request.uri().query().unwrap_or_default();
    query.split('&').any(|pair| pair.split('=').next() == Some(name))
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

struct Whole {
    body: Bytes,
    trailers: Vec<(HeaderName, String)>,
}

/// `SIZE[;chunk-signature=..]\r\nDATA\r\n`, again and again until a size is 0; then trailers and an empty line.
fn unframed(framed: &[u8], headers: &HeaderMap) -> Result<Whole, S3Error> {
    let length = text(headers, "x-amz-decoded-content-length").ok_or(S3Error::NoContentLength)?;
    let length: usize = length.parse().map_err(|_| S3Error::NoContentLength)?;
    let mut body = Vec::with_capacity(length.min(framed.len()));
    let mut rest = framed;
    loop {
        let (head, after) = line(rest).ok_or(S3Error::IncompleteBody)?;
        let size = head.split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size, 16).map_err(|_| S3Error::MalformedChunk)?;
        rest = after;
        if size == 0 {
            break;
        }
        let data = rest.get(..size).ok_or(S3Error::IncompleteBody)?;
        body.extend_from_slice(data);
        rest = rest[size..].strip_prefix(b"\r\n").ok_or(S3Error::MalformedChunk)?;
    }
    if body.len() != length {
        return Err(S3Error::IncompleteBody);
    }
    let mut trailers = Vec::new();
    while let Some((trailer, after)) = line(rest) {
        rest = after;
        if trailer.is_empty() {
            continue;
        }
        let (name, value) = trailer.split_once(':').ok_or(S3Error::MalformedTrailer)?;
        let name = HeaderName::from_bytes(name.trim().to_ascii_lowercase().as_bytes());
        trailers.push((name.map_err(|_| S3Error::MalformedTrailer)?, value.trim().to_owned()));
    }
    trailers.retain(|(name, _)| name != "x-amz-trailer-signature");
    // The trailers that come are those that were announced.
    let announced = text(headers, "x-amz-trailer").unwrap_or_default().to_ascii_lowercase();
    let announced: Vec<&str> = announced.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let fits = announced.len() == trailers.len()
        && trailers.iter().all(|(name, _)| announced.contains(&name.as_str()));
    if fits { Ok(Whole { body: body.into(), trailers }) } else { Err(S3Error::MalformedTrailer) }
}

fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 2..]))
}

/// Compares a body with what its headers say of it.
fn verified(headers: &HeaderMap, body: &[u8], completes: bool) -> Result<(), S3Error> {
    if let Some(told) = text(headers, "x-amz-content-sha256")
        && told.len() == 64
        && told.bytes().all(|byte| byte.is_ascii_hexdigit())
    {
        let computed = hex(&Sha256::digest(body));
        if !told.eq_ignore_ascii_case(&computed) {
            return Err(S3Error::Sha256Mismatch { client_computed: told, s3_computed: computed });
        }
    }
    if let Some(told) = text(headers, "content-md5") {
        let bytes = STANDARD.decode(&told).ok().filter(|bytes| bytes.len() == 16);
        let bytes = bytes.ok_or_else(|| S3Error::InvalidMd5(told.clone()))?;
        let computed = Md5::digest(body);
        if bytes != computed.as_slice() {
            let calculated_digest = STANDARD.encode(computed);
            return Err(S3Error::BadMd5 { expected_digest: hex(&bytes), calculated_digest });
        }
    }
    let told: Vec<_> = Algorithm::ALL
        .into_iter()
        .filter_map(|algorithm| Some((algorithm, text(headers, algorithm.header())?)))
        .collect();
    if told.len() > 1 {
        let text = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";
        return Err(S3Error::InvalidRequest(text.into()));
    }
    let announced = text(headers, "x-amz-sdk-checksum-algorithm");
    if announced.is_some() && told.is_empty() && !body.is_empty() && !headers.contains_key("content-md5") {
        let text = "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.";
        return Err(S3Error::InvalidRequest(text.into()));
    }
    told.iter().filter(|_| !completes).try_for_each(|(algorithm, told)| algorithm.check(told, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn put(headers: &[(&str, &str)], body: &[u8]) -> Result<(HeaderMap, Bytes), S3Error> {
        let mut request = Request::put("/b/k");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        plain(&request.body(Bytes::copy_from_slice(body)).unwrap())
    }

    const CHUNKED: [(&str, &str); 3] = [
        ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        ("content-encoding", "gzip,aws-chunked"),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
    ];

    #[test]
    fn chunks_with_a_trailer() {
        let with = |length| [&CHUNKED[..], &[("x-amz-decoded-content-length", length)]].concat();
        let framed =
            b"5\r\n12345\r\n4;chunk-signature=ab\r\n6789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n";
        let (headers, body) = put(&with("9"), framed).unwrap();
        assert_eq!(&body[..], b"123456789");
        assert_eq!(headers["x-amz-checksum-crc32"], "y/Q5Jg==");
        assert_eq!(
            (&headers["content-encoding"], &headers["content-length"]),
            (&"gzip".parse().unwrap(), &"9".parse().unwrap())
        );
        assert_eq!(put(&with("8"), framed), Err(S3Error::IncompleteBody));
        assert_eq!(put(&CHUNKED, framed), Err(S3Error::NoContentLength));
        assert_eq!(put(&with("9"), &framed[..20]), Err(S3Error::IncompleteBody));
        let wrong = b"3\r\n123\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n";
        assert_eq!(put(&with("3"), wrong), Err(S3Error::BadChecksum("CRC32")));
        assert_eq!(put(&with("3"), b"3\r\n123\r\n0\r\n\r\n"), Err(S3Error::MalformedTrailer));
        assert_eq!(put(&with("3"), b"x\r\n123\r\n0\r\n\r\n"), Err(S3Error::MalformedChunk));
    }

    #[test]
    fn digests() {
        assert!(put(&[("content-md5", "ICy5YqxZB1uWSwcVLSNLcA==")], b"123").is_ok());
        assert!(matches!(
            put(&[("content-md5", "ICy5YqxZB1uWSwcVLSNLcA==")], b"124"),
            Err(S3Error::BadMd5 { .. })
        ));
        assert!(matches!(put(&[("content-md5", "short")], b"124"), Err(S3Error::InvalidMd5(_))));
        let sha = hex(&Sha256::digest(b"123"));
        assert!(put(&[("x-amz-content-sha256", &sha)], b"123").is_ok());
        assert!(matches!(put(&[("x-amz-content-sha256", &sha)], b"12"), Err(S3Error::Sha256Mismatch { .. })));
        assert!(put(&[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")], b"12").is_ok());
        let two = [("x-amz-checksum-crc32", "AAAAAA=="), ("x-amz-checksum-sha1", "AAAA")];
        assert!(matches!(put(&two, b""), Err(S3Error::InvalidRequest(_))));
        assert!(matches!(
            put(&[("x-amz-sdk-checksum-algorithm", "CRC32")], b"1"),
            Err(S3Error::InvalidRequest(_))
        ));
    }

    proptest! {
        #[test]
        fn any_cutting_is_undone(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6)) {
            let mut framed = Vec::new();
            for piece in &pieces {
                framed.extend_from_slice(format!("{:x};chunk-signature=00\r\n", piece.len()).as_bytes());
                framed.extend_from_slice(piece);
                framed.extend_from_slice(b"\r\n");
            }
            framed.extend_from_slice(b"0;chunk-signature=00\r\n\r\n");
            let whole = pieces.concat();
            let length = whole.len().to_string();
            let headers = [
                ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
                ("x-amz-decoded-content-length", &length),
            ];
            prop_assert_eq!(&put(&headers, &framed).unwrap().1[..], &whole[..]);
        }

        #[test]
        fn nothing_panics(framed in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = put(&[("content-encoding", "aws-chunked"), ("x-amz-decoded-content-length", "3")], &framed);
        }
    }
}
