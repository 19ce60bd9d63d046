//! Flags that say how much there is of something.

use crate::model::Quotas;
use crate::scenario::supply;

pub fn parse_quota(text: &str) -> Result<(String, usize), String> {
    let quota = text.split_once('=').and_then(|(name, limit)| Some((name, Quotas::parse_limit(limit)?)));
    let (name, limit) = quota.ok_or("such as vpcs=20 or vpcs=unlimited")?;
    supply::quota(name)?;
    Ok((name.to_owned(), limit))
}

/// A family of instance types and the zones that lack it.
pub fn parse_not_offered(text: &str) -> Result<(String, Vec<&'static str>), String> {
    let form = || "such as ml.g5=us-east-1a+us-east-1b".to_owned();
    let (family, zones) = text.split_once('=').ok_or_else(form)?;
    let zones = zones.split('+').filter(|zone| !zone.is_empty());
    Ok((family.to_owned(), supply::offering(family, zones)?))
}

/// An instance type and how many of it zones have.
pub type Supply = (String, Vec<(String, String)>);

pub fn parse_capacity(text: &str) -> Result<Supply, String> {
    let form = || "such as ml.p3.2xlarge=us-east-1a:0+us-east-1b:2".to_owned();
    let (name, zones) = text.split_once('=').ok_or_else(form)?;
    let zones: Option<Vec<_>> = zones.split('+').map(|zone| zone.split_once(':')).collect();
    let zones = zones.ok_or_else(form)?;
    supply::capacity(name, zones.iter().copied())?;
    Ok((name.to_owned(), zones.into_iter().map(|(zone, most)| (zone.to_owned(), most.to_owned())).collect()))
}
