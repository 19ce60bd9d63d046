//! Checksums of objects. Source: S3 user guide, "Checking object integrity in Amazon S3".

use super::S3Error;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use s3s::crypto::{Checksum, Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
use std::collections::BTreeMap;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

impl Algorithm {
    pub const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// As S3 names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    pub fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// How many bytes a checksum has.
    fn length(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// Whether the checksum of an upload is that of the object's bytes unless something else is asked for.
    pub fn is_full_object(self) -> bool {
        self == Self::Crc64Nvme
    }

    /// In base64.
    pub fn of(self, bytes: &[u8]) -> String {
        match self {
            Self::Crc32 => STANDARD.encode(Crc32::checksum(bytes)),
            Self::Crc32c => STANDARD.encode(Crc32c::checksum(bytes)),
            Self::Crc64Nvme => STANDARD.encode(Crc64Nvme::checksum(bytes)),
            Self::Sha1 => STANDARD.encode(Sha1::checksum(bytes)),
            Self::Sha256 => STANDARD.encode(Sha256::checksum(bytes)),
        }
    }

    /// The checksum of an upload from those of its parts.
    pub fn composite(self, parts: &[&str]) -> String {
        let joined: Vec<u8> =
            parts.iter().flat_map(|part| STANDARD.decode(part).unwrap_or_default()).collect();
        format!("{}-{}", self.of(&joined), parts.len())
    }

    /// Whether `told` may be such a checksum at all.
    pub fn is_one(self, told: &str) -> bool {
        STANDARD.decode(told).is_ok_and(|bytes| bytes.len() == self.length())
    }

    /// Whether bytes have the checksum that a request tells.
    ///
    /// # Errors
    /// They have not, or it is none.
    pub fn check(self, told: &str, bytes: &[u8]) -> Result<(), S3Error> {
        if !self.is_one(told) {
            return Err(S3Error::InvalidChecksum(self.header().into()));
        }
        if self.of(bytes) == told { Ok(()) } else { Err(S3Error::BadChecksum(self.name())) }
    }
}

/// The checksum that S3 keeps of what came without one: `CRC64NVME`.
pub fn default(bytes: &[u8]) -> BTreeMap<&'static str, String> {
    let algorithm = Algorithm::Crc64Nvme;
    [(algorithm.name(), algorithm.of(bytes))].into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let of = |algorithm: Algorithm| algorithm.of(b"123456789");
        // The check values of the catalogue of parametrised CRC algorithms: cbf43926, e3069283, ae8b14860a799888.
        assert_eq!(of(Algorithm::Crc32), STANDARD.encode(0xcbf4_3926_u32.to_be_bytes()));
        assert_eq!(of(Algorithm::Crc32c), STANDARD.encode(0xe306_9283_u32.to_be_bytes()));
        assert_eq!(of(Algorithm::Crc64Nvme), STANDARD.encode(0xae8b_1486_0a79_9888_u64.to_be_bytes()));
        assert_eq!(of(Algorithm::Sha1), "98O8HYCOBHMq32eZZczDTKeuNEE=");
        assert!(Algorithm::Crc32.check("y/Q5Jg==", b"123456789").is_ok());
        assert_eq!(Algorithm::Crc32.check("AAAAAA==", b"1"), Err(S3Error::BadChecksum("CRC32")));
        assert!(matches!(Algorithm::Crc32.check("AAAA", b"1"), Err(S3Error::InvalidChecksum(_))));
    }
}
