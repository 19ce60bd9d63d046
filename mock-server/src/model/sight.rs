//! What a bucket's name leads to, for whoever wants something of it: people may keep their S3 elsewhere.

use super::*;
use crate::kernel::{AccountId, Elsewhere, Rehome, Scope, SimTime};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What becomes of jobs whose buckets or objects are not here, and of images in no registry that they could be pulled
/// from. The latter are refused unless the mode is `Audit` or `Off`: nothing has to be made here to know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Rehome)]
pub enum DataMode {
    /// They fail once the account has made a bucket here. Until then its buckets are external.
    #[default]
    Auto,
    /// They fail.
    Enforce,
    /// They run, and an event tells.
    Audit,
    /// They run: nobody asks for objects.
    Off,
}

impl DataMode {
    pub const ALL: [DataMode; 4] = [DataMode::Auto, DataMode::Enforce, DataMode::Audit, DataMode::Off];

    pub fn name(self) -> &'static str {
        match self {
            DataMode::Auto => "auto",
            DataMode::Enforce => "enforce",
            DataMode::Audit => "audit",
            DataMode::Off => "off",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// Whose names of buckets must differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Rehome)]
pub enum BucketNames {
    /// Those of one account: accounts that run side by side never collide.
    #[default]
    Account,
    /// All, as on AWS.
    Global,
}

impl BucketNames {
    pub const ALL: [BucketNames; 2] = [BucketNames::Account, BucketNames::Global];

    pub fn name(self) -> &'static str {
        match self {
            BucketNames::Account => "account",
            BucketNames::Global => "global",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|names| names.name() == name)
    }
}

/// What another S3 told of a bucket that is not here.
#[derive(Clone, PartialEq, Eq, Debug, Default, Rehome)]
pub struct Upstream {
    pub exists: bool,
    /// Where it is, if that was told.
    pub region: Option<Arc<str>>,
    /// Prefixes that were asked for, each with the first key that begins like it.
    pub first_keys: BTreeMap<Arc<str>, Option<Arc<str>>>,
}

/// What a name leads to.
#[derive(Clone, Debug)]
pub enum Sight {
    Known(FoundBucket),
    /// A package repository of AWS's, which anybody may read.
    Repository(Arc<Bucket>),
    /// Kept somewhere else: what is in it is not known here, or only what another S3 told. It counts as a bucket of
    /// the account and region that asks, without a policy.
    External(Arc<Bucket>, Option<Arc<Upstream>>),
    Missing,
}

impl Sight {
    /// The bucket as policies see it.
    pub fn bucket(&self) -> Option<&Arc<Bucket>> {
        match self {
            Sight::Known(found) => Some(&found.bucket),
            Sight::Repository(bucket) | Sight::External(bucket, _) => Some(bucket),
            Sight::Missing => None,
        }
    }

    /// Whether there is an object with this key; `None`: nobody knows, so nobody may be refused for it.
    pub fn has(&self, key: &str) -> Option<bool> {
        match self {
            Sight::Known(FoundBucket { bucket, home }) => Some(home.0.object(&bucket.name, key).is_some()),
            Sight::External(_, Some(told)) => {
                told.first_keys.get(key).map(|first| first.as_deref() == Some(key))
            }
            Sight::Repository(_) | Sight::External(_, None) => None,
            Sight::Missing => Some(false),
        }
    }

    /// Whether there is an object whose key begins like this; `None` as in [`has`](Self::has).
    pub fn has_under(&self, prefix: &str) -> Option<bool> {
        match self {
            Sight::Known(FoundBucket { bucket, home }) => {
                Some(home.0.objects_under(&bucket.name, prefix).any(|object| object.current().is_some()))
            }
            Sight::External(_, Some(told)) => told.first_keys.get(prefix).map(Option::is_some),
            Sight::Repository(_) | Sight::External(_, None) => None,
            Sight::Missing => Some(false),
        }
    }
}

/// What the name of a bucket leads to, for an account in one of its regions.
///
/// `global`: the account-wide state of that account.
pub fn sight(site: &Site, global: &State, name: &str, elsewhere: &dyn Elsewhere<State>) -> Sight {
    // Where there is nothing but this one state, as in tests, it has to do.
    let own = || {
        let bucket = global.buckets.get(&Arc::from(name))?.clone();
        Some(FoundBucket { bucket, home: bucket::Home(Arc::new(global.clone())) })
    };
    if let Some(found) = bucket::find(site.account, name, elsewhere).or_else(own) {
        return Sight::Known(found);
    }
    if let Some(region) = repository(name) {
        return Sight::Repository(Arc::new(of_aws(name, region)));
    }
    let external = |told: Option<Arc<Upstream>>| {
        let region = told.as_ref().and_then(|told| told.region.clone()).unwrap_or(site.region.clone());
        let bucket = Bucket {
            public_access: None,
            ..Bucket::new(name, site.account, region, SimTime::from_millis(0))
        };
        Sight::External(Arc::new(bucket), told)
    };
    let told = global.upstream.get(name);
    match (told, global.choices.data) {
        (_, DataMode::Audit | DataMode::Off) => external(None),
        (Some(told), _) if told.exists => external(Some(told.clone())),
        (Some(_), _) | (None, DataMode::Enforce) => Sight::Missing,
        (None, DataMode::Auto) if global.has_made_bucket => Sight::Missing,
        (None, DataMode::Auto) => external(None),
    }
}

/// Whether another account has the name of a bucket already, where names must differ between accounts.
pub fn is_taken(
    account: AccountId,
    name: &str,
    names: BucketNames,
    elsewhere: &dyn Elsewhere<State>,
) -> bool {
    let has = |id: AccountId| {
        let state = elsewhere.peek(id, &Scope::Global);
        state.is_some_and(|state| state.buckets.contains(&Arc::from(name)))
    };
    names == BucketNames::Global && elsewhere.accounts().into_iter().any(|id| id != account && has(id))
}

/// The account that owns the package repositories here. AWS's own is not published.
const AWS_ACCOUNT: u64 = 137_112_412_989;

/// What comes before and after the region in the names of buckets with packages for Amazon Linux, Amazon Linux 2 and
/// Amazon Linux 2023. Source: SageMaker guide, the pages on jobs in a VPC; Amazon Linux 2 and 2023 user guides.
const REPOSITORIES: &[(&str, &str)] = &[
    ("packages.", ".amazonaws.com"),
    ("repo.", ".amazonaws.com"),
    ("amazonlinux.", ".amazonaws.com"),
    ("amazonlinux-2-repos-", ""),
    ("al2023-repos-", "-de612dc2"),
];

/// The region of the package repository that has this name.
fn repository(name: &str) -> Option<&'static RegionInfo> {
    REPOSITORIES
        .iter()
        .find_map(|(before, after)| RegionInfo::get(name.strip_prefix(before)?.strip_suffix(after)?))
}

fn of_aws(name: &str, region: &'static RegionInfo) -> Bucket {
    let objects = region.partition().arn("s3", "", "", format_args!("{name}/*"));
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"{objects}"}}]}}"#
    );
    let account = AccountId::from_number(AWS_ACCOUNT).unwrap_or_default();
    let bucket = Bucket::new(name, account, region.name.into(), SimTime::from_millis(0));
    Bucket { public_access: None, policy: Some(PolicyDocument::new(policy)), ..bucket }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Nowhere;

    fn site() -> Site {
        Site::new(AccountId::parse("111122223333").unwrap(), "eu-west-1")
    }

    fn seen(global: &State, name: &str) -> Sight {
        sight(&site(), global, name, &Nowhere)
    }

    fn told(sight: &Sight) -> &'static str {
        match sight {
            Sight::Known(_) => "known",
            Sight::Repository(_) => "repository",
            Sight::External(_, None) => "external",
            Sight::External(_, Some(_)) => "upstream",
            Sight::Missing => "missing",
        }
    }

    fn with(data: DataMode) -> State {
        State { choices: Choices { data, ..Choices::default() }, ..State::default() }
    }

    #[test]
    fn what_a_name_leads_to_follows_from_the_mode() {
        for (mode, before, after) in [
            (DataMode::Auto, "external", "missing"),
            (DataMode::Enforce, "missing", "missing"),
            (DataMode::Audit, "external", "external"),
            (DataMode::Off, "external", "external"),
        ] {
            let mut global = with(mode);
            assert_eq!(told(&seen(&global, "data")), before, "{mode:?}");
            let bucket = Bucket::new("own", site().account, "eu-west-1".into(), SimTime::from_millis(0));
            global.buckets.insert(bucket);
            global.has_made_bucket = true;
            assert_eq!(told(&seen(&global, "own")), "known", "{mode:?}");
            assert_eq!(told(&seen(&global, "data")), after, "{mode:?}");
            assert_eq!(seen(&global, "own").has_under(""), Some(false));
            // That it is gone makes nothing external again.
            global.buckets.remove(&"own".into());
            assert_eq!(told(&seen(&global, "own")), after, "{mode:?}");
        }
    }

    #[test]
    fn packages_of_amazon_linux_are_there_in_every_region() {
        let global = with(DataMode::Enforce);
        for (name, region) in [
            ("packages.us-east-1.amazonaws.com", Some("us-east-1")),
            ("repo.eu-west-1.amazonaws.com", Some("eu-west-1")),
            ("amazonlinux.ap-south-1.amazonaws.com", Some("ap-south-1")),
            ("amazonlinux-2-repos-us-west-2", Some("us-west-2")),
            ("al2023-repos-us-west-2-de612dc2", Some("us-west-2")),
            ("packages.amazonaws.com", None),
            ("packages.nowhere-1.amazonaws.com", None),
        ] {
            let seen = seen(&global, name);
            assert_eq!(seen.bucket().map(|bucket| &*bucket.region), region, "{name}");
            assert_eq!(told(&seen), if region.is_some() { "repository" } else { "missing" }, "{name}");
        }
    }

    #[test]
    fn another_s3_knows_what_it_was_asked_for() {
        let mut global = with(DataMode::Auto);
        let first_keys =
            [("in/", Some("in/a")), ("in/a", Some("in/a")), ("in/b", Some("in/bc")), ("no/", None)];
        let first_keys = first_keys.map(|(prefix, key)| (prefix.into(), key.map(Into::into))).into();
        let told_of = Upstream { exists: true, region: Some("us-west-2".into()), first_keys };
        global.upstream.insert("data".into(), told_of.into());
        global.upstream.insert("gone".into(), Upstream::default().into());
        let data = seen(&global, "data");
        assert_eq!((told(&data), &*data.bucket().unwrap().region), ("upstream", "us-west-2"));
        let asked = ["in/", "no/", "other/"].map(|prefix| data.has_under(prefix));
        assert_eq!(asked, [Some(true), Some(false), None]);
        assert_eq!(["in/a", "in/b", "c"].map(|key| data.has(key)), [Some(true), Some(false), None]);
        assert_eq!(told(&seen(&global, "gone")), "missing");
        assert_eq!(told(&seen(&global, "other")), "external");
    }
}
