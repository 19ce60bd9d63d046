//! Which zones lack which instance types.

use super::region::{LACKING, zone};
use crate::kernel::Rehome;
use imbl::OrdMap;
use std::sync::Arc;

/// What an account says of families of instance types, such as `ml.p3`: the zones that have none of them. What it
/// says nothing of is as AWS documents it.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct Offerings(OrdMap<Arc<str>, Vec<&'static str>>);

impl Offerings {
    /// Whether a zone has instances of this type.
    pub fn has(&self, zone: &str, instance_type: &str) -> bool {
        let family = instance_type.rsplit_once('.').map_or(instance_type, |(family, _)| family);
        !self.lacking(family).contains(&zone)
    }

    /// The zones that lack a family.
    pub fn lacking(&self, family: &str) -> &[&'static str] {
        let documented = || LACKING.iter().find(|(known, _)| *known == family).map(|(_, zones)| *zones);
        self.0.get(family).map(Vec::as_slice).or_else(documented).unwrap_or_default()
    }

    /// The zones of these names, as zones that lack a family.
    ///
    /// # Errors
    /// What is no family, or no zone.
    pub fn parse<'a>(
        family: &str,
        zones: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<&'static str>, String> {
        let is_family = family.strip_prefix("ml.").is_some_and(|name| {
            !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        });
        if !is_family {
            return Err(format!("`{family}` is no family of instance types such as ml.p3"));
        }
        let known =
            |name| zone(name).map(|zone| zone.name).ok_or(format!("`{name}` is no availability zone"));
        zones.into_iter().map(known).collect()
    }

    pub fn set(&mut self, family: &str, zones: Vec<&'static str>) {
        self.0.insert(family.into(), zones);
    }

    /// Every family that some zone lacks, or of which the account says that none does.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[&'static str])> {
        let documented =
            LACKING.iter().map(|(family, _)| *family).filter(|family| !self.0.contains_key(*family));
        self.0.keys().map(|family| &**family).chain(documented).map(|family| (family, self.lacking(family)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_account_says_counts_before_what_is_documented() {
        let mut offerings = Offerings::default();
        assert!(
            offerings.has("us-east-1a", "ml.p3.2xlarge") && !offerings.has("us-east-1c", "ml.p3.2xlarge")
        );
        assert!(
            offerings.has("us-east-1c", "ml.p3dn.24xlarge") && offerings.has("us-east-1c", "ml.m5.large")
        );
        offerings.set("ml.p3", vec!["us-east-1a"]);
        offerings.set("ml.m5", vec!["us-east-1b"]);
        assert!(
            !offerings.has("us-east-1a", "ml.p3.2xlarge") && offerings.has("us-east-1c", "ml.p3.2xlarge")
        );
        assert!(!offerings.has("us-east-1b", "ml.m5.large"));
        let all: Vec<_> = offerings.iter().map(|(family, zones)| (family.to_owned(), zones.len())).collect();
        assert_eq!(all, [("ml.m5".to_owned(), 1), ("ml.p3".to_owned(), 1)]);
        assert_eq!(Offerings::default().iter().count(), LACKING.len());
    }

    #[test]
    fn families_and_zones_are_known() {
        assert_eq!(Offerings::parse("ml.p3", ["us-east-1c"]), Ok(vec!["us-east-1c"]));
        assert_eq!(Offerings::parse("ml.p6-b200", []), Ok(vec![]));
        for family in ["p3", "ml.", "ml.p3.2xlarge", "ml.P3"] {
            assert!(Offerings::parse(family, []).unwrap_err().contains("no family"), "{family}");
        }
        assert!(Offerings::parse("ml.p3", ["us-east-1x"]).unwrap_err().contains("no availability zone"));
    }
}
