//! What jobs read and write in S3.

use super::path::BucketUse;
use super::*;
use crate::kernel::Rehome;
use std::sync::Arc;

/// A place in S3: a bucket and a key, or what keys begin with.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub struct S3Place {
    pub bucket: Arc<str>,
    pub key: Arc<str>,
}

impl S3Place {
    /// Reads `s3://bucket/key`, or one of the forms in which S3's own URLs begin with `https`. `None`: something else.
    /// Source: S3 user guide, "Accessing an Amazon S3 general purpose bucket".
    pub fn parse(url: &str) -> Option<Self> {
        let (bucket, key) = match url.split_once("://")? {
            ("s3", rest) => rest.split_once('/').unwrap_or((rest, "")),
            ("https", rest) => {
                let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
                let own = |label: &str| label == "s3" || label.starts_with("s3-");
                let aws = host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
                let labels: Vec<_> = host.split('.').collect();
                let n = labels.iter().position(|label| own(label)).filter(|_| aws)?;
                match n {
                    0 => path.split_once('/').unwrap_or((path, "")),
                    // A bucket's name may have dots, so everything before S3's own label is that name.
                    _ => (
                        host.get(..labels[..n].iter().map(|label| label.len() + 1).sum::<usize>() - 1)?,
                        path,
                    ),
                }
            }
            _ => return None,
        };
        (!bucket.is_empty()).then(|| Self { bucket: bucket.into(), key: key.into() })
    }
}

/// What something in S3 is to a job.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum DataUse {
    /// What a job is about: a channel, an input.
    Input,
    /// A model's artefacts.
    Model,
    /// Where a training job goes on, and where it leaves off.
    Checkpoint,
    /// A program that the container fetches by itself.
    Code,
    /// What a job leaves.
    Output,
    /// A directory of a file system, which is nowhere in S3.
    FileSystem,
    /// Where a transform job lists what it read and wrote.
    Capture,
}

/// A file system that instances mount.
#[derive(Clone, PartialEq, Eq, Debug, Rehome)]
pub struct Mount {
    pub id: Arc<str>,
    pub ports: &'static [u16],
}

impl Mount {
    /// NFS. Source: EFS user guide, "Creating security groups".
    pub const EFS: &'static [u16] = &[2049];
    /// Source: FSx for Lustre user guide, "File system access control with Amazon VPC".
    pub const LUSTRE: &'static [u16] = &[988, 1018, 1019, 1020, 1021, 1022, 1023];
}

impl DataUse {
    pub fn name(self) -> &'static str {
        match self {
            DataUse::Input => "input",
            DataUse::Model => "model",
            DataUse::Checkpoint => "checkpoint",
            DataUse::Code => "code",
            DataUse::Output => "output",
            DataUse::FileSystem => "file system",
            DataUse::Capture => "capture",
        }
    }
}

/// How much of S3 a place stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum Extent {
    Object,
    /// Every object whose key begins so.
    Prefix,
    /// An object that lists others.
    Manifest,
    /// One that says more about each of them, a line for each.
    AugmentedManifest,
}

/// Something that a job reads or writes in S3.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct DataNeed {
    pub purpose: DataUse,
    pub extent: Extent,
    /// As the caller wrote it.
    pub url: String,
    /// `None`: it is nowhere in S3.
    pub place: Option<S3Place>,
    /// What a job leaves there, below the place; of a training job, in a folder of the job's name.
    pub file: String,
    /// Each instance gets some of the objects, not all of them: `ShardedByS3Key`.
    pub sharded: bool,
    /// The container reads it while it runs; it is not downloaded before: `Pipe` and `FastFile`.
    pub streamed: bool,
    pub mount: Option<Mount>,
    /// With which key of KMS what is written is encrypted; empty: with the account's own key for S3. `None`: nobody says.
    pub kms: Option<Arc<str>>,
}

impl DataNeed {
    pub fn new(purpose: DataUse, extent: Extent, url: &str) -> Self {
        let place = S3Place::parse(url);
        let (url, file) = (url.to_owned(), String::new());
        Self { purpose, extent, url, place, file, sharded: false, streamed: false, mount: None, kms: None }
    }

    /// A directory of a file system.
    pub fn mounted(id: &str, directory: &str, ports: &'static [u16]) -> Self {
        let mount = Mount { id: id.into(), ports };
        let need = Self::new(DataUse::FileSystem, Extent::Prefix, &format!("{id}:{directory}"));
        Self { place: None, mount: Some(mount), ..need }
    }

    /// As requests say it in `InputMode`.
    #[must_use]
    pub fn in_mode(self, mode: Option<&str>) -> Self {
        Self { streamed: matches!(mode, Some("Pipe" | "FastFile")), ..self }
    }

    /// As requests say it in `KmsKeyId`. Source: API reference, OutputDataConfig, TransformOutput and OutputConfig:
    /// without one it is the default key for S3.
    #[must_use]
    pub fn encrypted(self, key: Option<&str>) -> Self {
        Self { kms: Some(key.unwrap_or_default().into()), ..self }
    }

    /// The same of what nobody says to be encrypted without a key.
    #[must_use]
    pub fn encrypted_if(self, key: Option<&str>) -> Self {
        Self { kms: key.map(Into::into), ..self }
    }

    /// Where a job leaves a file.
    pub fn output(url: &str, file: impl Into<String>) -> Self {
        Self { file: file.into(), ..Self::new(DataUse::Output, Extent::Prefix, url) }
    }

    /// Where a training job leaves checkpoints, whatever it calls them.
    pub fn checkpoint(url: &str) -> Self {
        Self { file: "*".to_owned(), ..Self::new(DataUse::Checkpoint, Extent::Prefix, url) }
    }

    /// Where a transform job lists what it read, or what it wrote, whatever it calls the list.
    pub fn capture(url: &str, side: &str) -> Self {
        let folder = format!("{}/{side}", url.trim_end_matches('/'));
        Self { file: "*".to_owned(), ..Self::new(DataUse::Capture, Extent::Prefix, &folder) }
    }

    /// As requests say it in `S3DataType`.
    pub fn typed(purpose: DataUse, data_type: Option<&str>, url: &str) -> Self {
        let extent = match data_type {
            Some("ManifestFile") => Extent::Manifest,
            Some("AugmentedManifestFile") => Extent::AugmentedManifest,
            Some("S3Object") => Extent::Object,
            _ => Extent::Prefix,
        };
        Self::new(purpose, extent, url)
    }

    /// As requests say it in `S3DataDistributionType`.
    #[must_use]
    pub fn distributed(self, distribution: Option<&str>) -> Self {
        Self { sharded: distribution == Some("ShardedByS3Key"), ..self }
    }

    /// What a role has to be allowed to read it: list what is there, and get one object after the other. The object that
    /// stands for all of a prefix is the first one that is known; of a bucket that nobody here knows it is one below the
    /// prefix, unless the prefix looks like an object itself.
    ///
    /// Source: developer guide, "How to use SageMaker AI execution roles": s3:GetObject and s3:ListBucket for each kind.
    pub fn reading(&self, first: Option<&str>, role_arn: &str) -> Option<BucketUse> {
        let S3Place { bucket, key } = self.place.as_ref()?;
        let list_prefix = self.extent == Extent::Prefix;
        let list: Option<(&'static str, Option<Arc<str>>)> = list_prefix.then_some(("s3:ListBucket", None));
        let file = key.rsplit('/').next().unwrap_or_default();
        let one: Arc<str> = match (self.extent, first) {
            (Extent::Object | Extent::Manifest | Extent::AugmentedManifest, _) => key.clone(),
            (Extent::Prefix, Some(first)) => first.into(),
            (Extent::Prefix, None) if file.contains('.') => key.clone(),
            (Extent::Prefix, None) if key.is_empty() || file.is_empty() => format!("{key}*").into(),
            (Extent::Prefix, None) => format!("{key}/*").into(),
        };
        // Nobody has to have left a checkpoint: what is not there is not read.
        let get =
            (self.purpose != DataUse::Checkpoint || first.is_some()).then_some(("s3:GetObject", Some(one)));
        let acts = list.into_iter().chain(get).collect();
        // What is listed is what begins like the place, as it is written.
        let listed = Some(("s3:prefix", key.clone())).filter(|_| list_prefix && !key.is_empty());
        let keys = listed.into_iter().collect();
        Some(BucketUse { bucket: bucket.clone(), acts, keys, role_arn: Some(role_arn.into()) })
    }

    /// What a role has to be allowed to write what a job of this kind and name leaves.
    pub fn writing(&self, kind: JobKind, job: &str, role_arn: &str) -> Option<BucketUse> {
        let place = self.target(kind, job, &self.file)?;
        let acts = vec![("s3:PutObject", Some(place.key))];
        let method = self.kms.as_ref().map(|_| ("s3:x-amz-server-side-encryption", "aws:kms".into()));
        let key = self.kms.clone().filter(|key| !key.is_empty());
        let key = key.map(|key| ("s3:x-amz-server-side-encryption-aws-kms-key-id", key));
        let keys = method.into_iter().chain(key).collect();
        Some(BucketUse { bucket: place.bucket, acts, keys, role_arn: Some(role_arn.into()) })
    }

    /// Where a job of this kind and name leaves this file. Source for training: developer guide,
    /// "your-algorithms-training-algo-output".
    pub fn target(&self, kind: JobKind, job: &str, file: &str) -> Option<S3Place> {
        let S3Place { bucket, key } = self.place.clone()?;
        let own = (kind == JobKind::Training && self.purpose == DataUse::Output).then_some(job);
        let parts = [
            Some(key.strip_suffix('/').unwrap_or(&key)).filter(|folder| !folder.is_empty()),
            own,
            Some(file),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        Some(S3Place { bucket, key: parts.join("/").into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_urls_are_read() {
        for (url, expected) in [
            ("s3://data/a/b.csv", Some(("data", "a/b.csv"))),
            ("s3://data", Some(("data", ""))),
            ("s3://data/", Some(("data", ""))),
            ("https://s3.us-east-1.amazonaws.com/data/a/b", Some(("data", "a/b"))),
            ("https://s3-us-west-2.amazonaws.com/data/a", Some(("data", "a"))),
            ("https://data.s3.amazonaws.com/a/b", Some(("data", "a/b"))),
            ("https://my.data.s3.eu-west-1.amazonaws.com/a", Some(("my.data", "a"))),
            ("https://example.com/data/a", None),
            ("s3:///a", None),
            ("/opt/ml", None),
        ] {
            let place = S3Place::parse(url);
            let read = place.as_ref().map(|place| (&*place.bucket, &*place.key));
            assert_eq!(read, expected, "{url}");
        }
    }

    #[test]
    fn one_object_stands_for_a_prefix() {
        let role = "arn:aws:iam::123456789012:role/r";
        let keys = |extent, url: &str, first| {
            let asked = DataNeed::new(DataUse::Input, extent, url).reading(first, role).unwrap();
            let keys = asked.acts.iter().map(|(act, key)| format!("{act} {}", key.as_deref().unwrap_or("-")));
            keys.collect::<Vec<_>>().join(", ")
        };
        let list = "s3:ListBucket -, s3:GetObject ";
        assert_eq!(keys(Extent::Prefix, "s3://b/train", None), format!("{list}train/*"));
        assert_eq!(keys(Extent::Prefix, "s3://b/train/", None), format!("{list}train/*"));
        assert_eq!(keys(Extent::Prefix, "s3://b", None), format!("{list}*"));
        assert_eq!(keys(Extent::Prefix, "s3://b/train.csv", None), format!("{list}train.csv"));
        assert_eq!(keys(Extent::Prefix, "s3://b/tr", Some("train/1")), format!("{list}train/1"));
        assert_eq!(keys(Extent::Object, "s3://b/m.tar.gz", None), "s3:GetObject m.tar.gz");
        let checkpoint = DataNeed::checkpoint("s3://b/c");
        assert_eq!(checkpoint.reading(None, role).unwrap().acts, [("s3:ListBucket", None)]);
        let prefix = |extent, url: &str| {
            let asked = DataNeed::new(DataUse::Input, extent, url).reading(None, role).unwrap();
            asked.keys.first().map(|(key, value)| format!("{key}={value}")).unwrap_or_default()
        };
        assert_eq!(prefix(Extent::Prefix, "s3://b/train/"), "s3:prefix=train/");
        assert_eq!(prefix(Extent::Prefix, "s3://b/train"), "s3:prefix=train");
        assert_eq!(prefix(Extent::Prefix, "s3://b"), "");
        assert_eq!(prefix(Extent::Object, "s3://b/m.tar.gz"), "");
        let written =
            |need: &DataNeed, kind| need.writing(kind, "job", role).unwrap().acts[0].1.clone().unwrap();
        assert_eq!(&*written(&checkpoint, JobKind::Training), "c/*");
        let output = DataNeed::output("s3://b/models/", "output/model.tar.gz");
        assert_eq!(&*written(&output, JobKind::Training), "models/job/output/model.tar.gz");
        assert_eq!(&*written(&DataNeed::output("s3://b", "x.out"), JobKind::Transform), "x.out");
    }

    #[test]
    fn what_is_written_is_encrypted_as_it_is_said() {
        let keys = |need: DataNeed| {
            let asked = need.writing(JobKind::Training, "job", "arn:aws:iam::123456789012:role/r").unwrap();
            let told =
                asked.keys.iter().map(|(key, value)| format!("{}={value}", key.rsplit('-').next().unwrap()));
            told.collect::<Vec<_>>().join(" ")
        };
        let output = || DataNeed::output("s3://b/models", "m");
        assert_eq!(keys(output()), "");
        assert_eq!(keys(output().encrypted(None)), "encryption=aws:kms");
        assert_eq!(keys(output().encrypted(Some("k"))), "encryption=aws:kms id=k");
        assert_eq!(keys(output().encrypted_if(None)), "");
        assert_eq!(keys(output().encrypted_if(Some("k"))), "encryption=aws:kms id=k");
    }
}
