//! What jobs leave in S3: small files, the same every time.

use crate::kernel::Scope;
use crate::model::bucket::{self, FoundBucket};
use crate::model::{
    Content, DataNeed, DataUse, Extent, Job, JobKind, Letter, ObjectKey, PutObject, S3Place, Txn,
};
use bytes::Bytes;
use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use std::io::Write;
use std::sync::Arc;
use time::OffsetDateTime;

/// Of more inputs than this a transform job answers no more: what one job writes stays bounded.
const MOST_FILES: usize = 1_000;

/// A file that a job leaves.
pub struct File {
    /// Which of the job's outputs it is of.
    pub need: usize,
    pub place: S3Place,
    pub content: Content,
}

/// What a job leaves.
pub fn files(txn: &Txn<'_>, job: &Job) -> Vec<File> {
    let mut files = Vec::new();
    let outputs = job.needs.outputs.iter().enumerate();
    for (n, need) in outputs.filter(|(_, need)| need.purpose == DataUse::Output) {
        let names = match job.key.kind {
            JobKind::Transform => answers(txn, job, need),
            _ => vec![need.file.clone()],
        };
        let places = names.iter().filter_map(|file| need.target(job.key.kind, &job.key.name, file));
        files.extend(places.map(|place| File { need: n, place, content: content(job, need) }));
    }
    let captured = captured(txn, job, &files);
    files.extend(captured);
    files.extend(beside(job));
    files
}

/// Writes what a job leaves: each file to its bucket, if somebody here knows that.
pub fn write(txn: &mut Txn<'_>, job: &Job) {
    for File { place, content, .. } in files(txn, job) {
        send(txn, place, content);
    }
}

/// Writes a text to where it belongs, if somebody here knows the bucket.
pub(super) fn put(txn: &mut Txn<'_>, place: S3Place, text: String) {
    send(txn, place, Content::Bytes(Bytes::from(text)));
}

fn send(txn: &mut Txn<'_>, place: S3Place, content: Content) {
    let found = bucket::find(txn.origin.account, &place.bucket, txn.elsewhere());
    let Some(FoundBucket { bucket, .. }) = found else { return };
    let at = ObjectKey { bucket: place.bucket, key: place.key };
    txn.post(bucket.account, Scope::Global, Letter::PutObject(Box::new(PutObject { at, content })));
}

/// What a job reads.
fn input(job: &Job) -> Option<&DataNeed> {
    job.needs.inputs.iter().find(|input| input.purpose == DataUse::Input)
}

/// The prefix that a job reads, and the keys of all objects below it; `None`: nobody here knows them.
fn objects<'a>(txn: &Txn<'_>, job: &'a Job) -> Option<(&'a S3Place, Vec<Arc<str>>)> {
    let place = input(job).filter(|input| input.extent == Extent::Prefix)?.place.as_ref()?;
    let found = bucket::find(txn.origin.account, &place.bucket, txn.elsewhere())?;
    let objects = found.home.0.objects_under(&place.bucket, &place.key);
    let keys = objects.filter(|object| object.current().is_some()).map(|object| object.at.key.clone());
    Some((place, keys.filter(|key| !key.ends_with('/')).take(MOST_FILES).collect()))
}

/// The files of a transform job: one for each input, called like it, where the input is below the prefix. Source: API
/// reference, TransformOutput; that the folders below the prefix are kept is how described jobs show it.
fn answers(txn: &Txn<'_>, job: &Job, need: &DataNeed) -> Vec<String> {
    let Some((place, keys)) = objects(txn, job) else { return vec![need.file.clone()] };
    // What follows on the last folder of the prefix, unless the prefix is a folder without its slash.
    let folder = folder_of(&place.key).len();
    let inside = format!("{}/", place.key);
    keys.iter().map(|key| format!("{}.out", key.strip_prefix(&inside).unwrap_or(&key[folder..]))).collect()
}

/// What a transform job captures: a list of what it read, and one of what it wrote, in folders of the hour. Source:
/// developer guide, "model-monitor-data-capture-batch"; what the lists are called is ours.
fn captured(txn: &Txn<'_>, job: &Job, written: &[File]) -> Vec<File> {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(txn.now.millis()) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (month, id) = (u8::from(at.month()), txn.origin.derive(&[&job.arn, "data-capture"]));
    let file = format!("{:04}/{month:02}/{:02}/{:02}/{id:032x}.json", at.year(), at.day(), at.hour());
    let read = || {
        let place = input(job)?.place.as_ref()?;
        let keys = objects(txn, job).map_or_else(|| vec![place.key.clone()], |(_, keys)| keys);
        Some((place.bucket.clone(), keys))
    };
    let wrote = || {
        let bucket = written.first()?.place.bucket.clone();
        Some((bucket, written.iter().map(|file| file.place.key.clone()).collect()))
    };
    let needs = job.needs.outputs.iter().enumerate().filter(|(_, need)| need.purpose == DataUse::Capture);
    let lists = needs.zip([read(), wrote()]).filter_map(|((n, need), listed)| {
        let (bucket, keys) = listed?;
        let place = need.target(job.key.kind, &job.key.name, &file)?;
        Some(File { need: n, place, content: Content::Bytes(Bytes::from(manifest(&bucket, &keys))) })
    });
    lists.collect()
}

/// A manifest of some objects: the folder that they have in common, and what follows on it.
fn manifest(bucket: &str, keys: &[Arc<str>]) -> String {
    let mut folder = keys.first().map_or("", |key| folder_of(key));
    while !keys.iter().all(|key| key.starts_with(folder)) {
        folder = folder_of(folder.strip_suffix('/').unwrap_or_default());
    }
    let prefix = json!({ "prefix": format!("s3://{bucket}/{folder}") });
    let names = keys.iter().map(|key| json!(key[folder.len()..]));
    Value::Array(std::iter::once(prefix).chain(names).collect()).to_string()
}

/// A key up to its last slash.
fn folder_of(key: &str) -> &str {
    &key[..key.rfind('/').map_or(0, |slash| slash + 1)]
}

/// What a container writes beside its first output, if that was declared: of that size, and of no bytes that anybody
/// could read.
fn beside(job: &Job) -> impl Iterator<Item = File> + '_ {
    let behaviour = job.needs.behaviour.as_ref();
    let need = job.needs.outputs.iter().enumerate().find(|(_, need)| need.purpose == DataUse::Output);
    let folder = need.map_or("", |(_, need)| need.file.rfind('/').map_or("", |slash| &need.file[..=slash]));
    let files = behaviour.into_iter().flat_map(|behaviour| &behaviour.files);
    files.filter_map(move |(name, bytes)| {
        let (n, need) = need?;
        let place = need.target(job.key.kind, &job.key.name, &format!("{folder}{name}"))?;
        Some(File { need: n, place, content: Content::Size(*bytes) })
    })
}

/// What is in a file: if its size was declared, nobody knows. Of a packed model an archive with one file in it, else a line of text.
fn content(job: &Job, need: &DataNeed) -> Content {
    if let Some(bytes) = job.needs.behaviour.as_ref().and_then(|behaviour| behaviour.writes) {
        return Content::Size(bytes);
    }
    let text = format!("{} of {}\n", if need.file.contains("model") { "model" } else { "output" }, job.key);
    let bytes =
        if need.file.ends_with(".tar.gz") { archive("model", text.as_bytes()) } else { text.into_bytes() };
    Content::Bytes(Bytes::from(bytes))
}

/// A tar archive of one file, gzipped, of no time and nobody's.
fn archive(name: &str, content: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 512;
    let mut tar = vec![0; BLOCK];
    let mut put = |at: usize, field: &[u8]| {
        if let Some(space) = tar.get_mut(at..at + field.len()) {
            space.copy_from_slice(field);
        }
    };
    // Fields of a ustar header: name, mode, owner, group, size, time, then the sum with blanks in its own place.
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{:011o}\0", content.len()).as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = tar.iter().map(|byte| u32::from(*byte)).sum();
    if let Some(space) = tar.get_mut(148..155) {
        space.copy_from_slice(format!("{sum:06o}\0").as_bytes());
    }
    tar.extend_from_slice(content);
    tar.resize(tar.len().next_multiple_of(BLOCK) + 2 * BLOCK, 0);
    let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
    // Writing into memory does not fail.
    let _ = gzip.write_all(&tar);
    gzip.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_manifest_names_the_folder_that_all_are_in() {
        for (keys, expected) in [
            (&["in/a", "in/b/c"][..], r#"[{"prefix":"s3://b/in/"},"a","b/c"]"#),
            (&["in/b/c"], r#"[{"prefix":"s3://b/in/b/"},"c"]"#),
            (&["x/a", "y/a"], r#"[{"prefix":"s3://b/"},"x/a","y/a"]"#),
            (&["in//a", "in/b"], r#"[{"prefix":"s3://b/in/"},"/a","b"]"#),
            (&[], r#"[{"prefix":"s3://b/"}]"#),
        ] {
            let keys: Vec<Arc<str>> = keys.iter().copied().map(Arc::from).collect();
            assert_eq!(manifest("b", &keys), expected);
        }
    }

    #[test]
    fn an_archive_is_one_and_the_same_every_time() {
        let one = archive("model", b"weights");
        assert_eq!(one, archive("model", b"weights"));
        let mut tar = Vec::new();
        flate2::read::GzDecoder::new(&one[..]).read_to_end(&mut tar).unwrap();
        assert_eq!((tar.len(), &tar[..5], &tar[512..519]), (2_048, &b"model"[..], &b"weights"[..]));
        let sum = u32::from_str_radix(std::str::from_utf8(&tar[148..154]).unwrap(), 8).unwrap();
        let own = |n: usize| (148..156).contains(&n);
        let expected: u32 =
            tar[..512].iter().enumerate().map(|(n, b)| if own(n) { 32 } else { u32::from(*b) }).sum();
        assert_eq!(sum, expected);
    }
}
