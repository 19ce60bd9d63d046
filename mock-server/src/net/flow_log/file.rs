//! The files that flow logs leave in buckets.
//!
//! Source: VPC user guide, "Flow log files".

use super::format::{Entry, Format};
use crate::kernel::SimTime;
use crate::model::flow_log::BucketOptions;
use crate::model::{FlowLogId, Site};
use bytes::Bytes;
use flate2::{Compression, GzBuilder};
use std::collections::BTreeMap;
use std::io::Write;
use time::OffsetDateTime;
use time::macros::format_description;

/// A file has the records that end within this time, in milliseconds.
const SPAN: i64 = 5 * 60 * 1_000;
/// The most bytes of a file: of its text, which is never less than what is written. Assumed: not of the latter.
const LARGEST: usize = 75_000_000;

/// A file: since when its records are, and its text.
pub(super) struct File {
    pub since: SimTime,
    pub text: String,
}

/// Puts records into files.
pub(super) fn files(format: &Format<'_>, entries: &[Entry<'_>]) -> Vec<File> {
    let mut spans: BTreeMap<i64, Vec<&Entry<'_>>> = BTreeMap::new();
    for entry in entries {
        let end = entry.end.millis();
        spans.entry(end - end.rem_euclid(SPAN)).or_default().push(entry);
    }
    let mut files = Vec::new();
    for (since, mut entries) in spans {
        entries.sort_by_key(|entry| (entry.start, entry.end));
        let empty = || File { since: SimTime::from_millis(since), text: format.header() + "\n" };
        let mut file = empty();
        for (n, entry) in entries.into_iter().enumerate() {
            let line = format.line(entry);
            if n > 0 && file.text.len() + line.len() >= LARGEST {
                files.push(std::mem::replace(&mut file, empty()));
            }
            file.text.push_str(&line);
            file.text.push('\n');
        }
        files.push(file);
    }
    files
}

/// The key of a file, below the folder of the log. `hash` tells files of one time apart.
pub(super) fn key(
    folder: &str,
    options: BucketOptions,
    site: &Site,
    log: FlowLogId,
    since: SimTime,
    hash: u32,
) -> String {
    let at = OffsetDateTime::from_unix_timestamp(since.millis().div_euclid(1_000));
    let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day, hour) = (at.year(), u8::from(at.month()), at.day(), at.hour());
    let Site { account, region, .. } = site;
    let mut path = if options.hive_compatible {
        format!(
            "AWSLogs/aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}/\
             year={year:04}/month={month:02}/day={day:02}/"
        )
    } else {
        format!("AWSLogs/{account}/vpcflowlogs/{region}/{year:04}/{month:02}/{day:02}/")
    };
    if options.per_hour {
        path += &if options.hive_compatible { format!("hour={hour:02}/") } else { format!("{hour:02}/") };
    }
    let minute = format_description!("[year][month][day]T[hour][minute]Z");
    let minute = at.format(&minute).unwrap_or_default();
    format!("{folder}{path}{account}_vpcflowlogs_{region}_{log}_{minute}_{hash:08x}.log.gz")
}

/// Packs a text, the same way every time.
pub(super) fn packed(text: &str) -> Bytes {
    let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
    // Writing into memory does not fail.
    let _ = gzip.write_all(text.as_bytes());
    Bytes::from(gzip.finish().unwrap_or_default())
}
