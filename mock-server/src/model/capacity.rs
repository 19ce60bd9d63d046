//! How many instances of which type there are in which zone.

use super::region::zone;
use crate::kernel::Rehome;
use imbl::OrdMap;
use std::sync::Arc;

/// What an account says of instance types such as `ml.p3.2xlarge`: how many of them each zone has for it. What it says
/// nothing of there is plenty of.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct Capacities(OrdMap<Arc<str>, OrdMap<&'static str, u64>>);

impl Capacities {
    /// Whether nothing is said of a type in any zone.
    pub fn is_free(&self, instance_type: &str) -> bool {
        !self.0.contains_key(instance_type)
    }

    /// How many of a type a zone has; `None`: there is plenty.
    pub fn of(&self, zone: &str, instance_type: &str) -> Option<u64> {
        self.0.get(instance_type)?.get(zone).copied()
    }

    /// Says how many of a type a zone has; `None`: there is plenty.
    pub fn set(&mut self, instance_type: &str, zone: &'static str, most: Option<u64>) {
        let zones = self.0.entry(instance_type.into()).or_default();
        match most {
            Some(most) => zones.insert(zone, most),
            None => zones.remove(zone),
        };
        if zones.is_empty() {
            self.0.remove(instance_type);
        }
    }

    /// Reads a type, and zones with how many there are of it.
    ///
    /// # Errors
    /// What is no instance type, no zone, or no number.
    pub fn parse<'a>(
        instance_type: &str,
        zones: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Vec<(&'static str, Option<u64>)>, String> {
        let known = instance_type.strip_prefix("ml.").and_then(|rest| rest.split_once('.'));
        if !known.is_some_and(|(family, size)| !family.is_empty() && !size.is_empty()) {
            return Err(format!("`{instance_type}` is no instance type such as ml.p3.2xlarge"));
        }
        let read = |(name, most): (&str, &str)| {
            let zone = zone(name).ok_or_else(|| format!("`{name}` is no availability zone"))?;
            let limit = match most {
                "unlimited" => None,
                number => Some(number.parse().map_err(|_| {
                    format!("`{number}` is no number of instances: a number, or `unlimited`")
                })?),
            };
            Ok((zone.name, limit))
        };
        zones.into_iter().map(read).collect()
    }

    /// All that is said, by type and zone.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &OrdMap<&'static str, u64>)> {
        self.0.iter().map(|(instance_type, zones)| (&**instance_type, zones))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_says_anything_of_there_is_plenty_of() {
        let mut all = Capacities::default();
        assert!(all.is_free("ml.m5.large") && all.of("us-east-1a", "ml.m5.large").is_none());
        all.set("ml.m5.large", "us-east-1a", Some(0));
        all.set("ml.m5.large", "us-east-1b", Some(2));
        assert_eq!(all.of("us-east-1a", "ml.m5.large"), Some(0));
        assert_eq!(all.of("us-east-1c", "ml.m5.large"), None);
        assert!(!all.is_free("ml.m5.large") && all.is_free("ml.m5.xlarge"));
        all.set("ml.m5.large", "us-east-1a", None);
        all.set("ml.m5.large", "us-east-1b", None);
        assert_eq!(all, Capacities::default());
    }

    #[test]
    fn types_zones_and_numbers_are_known() {
        let read = |name, zone, most| Capacities::parse(name, [(zone, most)]);
        assert_eq!(read("ml.p3.2xlarge", "us-east-1a", "3"), Ok(vec![("us-east-1a", Some(3))]));
        assert_eq!(read("ml.p3.2xlarge", "us-east-1a", "unlimited"), Ok(vec![("us-east-1a", None)]));
        for (name, zone, most, problem) in [
            ("p3.2xlarge", "us-east-1a", "1", "no instance type"),
            ("ml.p3", "us-east-1a", "1", "no instance type"),
            ("ml.p3.2xlarge", "us-east-1x", "1", "no availability zone"),
            ("ml.p3.2xlarge", "us-east-1a", "-1", "no number"),
            ("ml.p3.2xlarge", "us-east-1a", "many", "no number"),
        ] {
            assert!(read(name, zone, most).unwrap_err().contains(problem), "{name} {zone} {most}");
        }
    }
}
