//! What IAM knows of each operation: its action, the types of resources that it acts on and its condition keys.
//!
//! The table is that of the service authorization reference. It is compiled at build time to one flat image for each
//! prefix of actions (see [`mod@format`]), which is read when it is first asked for.

pub mod format;

use std::sync::OnceLock;

pub use format::Level;

/// An IAM action.
pub type Action = format::Action<'static>;
/// A type of resource.
pub type ResourceType = format::ResourceType<'static>;
pub use format::ActsOn;

/// The actions with one prefix.
pub struct Actions {
    /// Such as `ec2`.
    pub prefix: &'static str,
    table: format::Table<'static>,
}

macro_rules! prefixes {
    ($($prefix:literal),* $(,)?) => {
        /// Every prefix whose actions are known.
        pub const PREFIXES: &[&str] = &[$($prefix),*];

        fn slot(prefix: &str) -> Option<(&'static str, &'static OnceLock<Box<Actions>>, &'static [u8])> {
            match prefix {
                $($prefix => {
                    static SLOT: OnceLock<Box<Actions>> = OnceLock::new();
                    let bytes = include_bytes!(concat!(env!("OUT_DIR"), "/", $prefix, ".actions"));
                    Some(($prefix, &SLOT, bytes))
                })*
                _ => None,
            }
        }
    };
}

prefixes!["ec2", "ecr", "iam", "logs", "s3", "sagemaker", "ssm", "sts"];

impl Actions {
    /// The actions with this prefix; the first call reads their image.
    pub fn of(prefix: &str) -> Option<&'static Self> {
        let (prefix, slot, bytes) = slot(prefix)?;
        Some(slot.get_or_init(|| {
            let table =
                postcard::from_bytes(bytes).expect("the build script wrote this image with these types");
            Box::new(Self { prefix, table })
        }))
    }

    /// All actions, sorted by name.
    pub fn all(&'static self) -> &'static [Action] {
        &self.table.actions
    }

    /// The action of that name, without prefix. An operation is authorised by the action of its own name.
    pub fn get(&'static self, name: &str) -> Option<&'static Action> {
        let found = self.table.actions.binary_search_by(|action| action.name.cmp(name));
        found.ok().map(|at| &self.table.actions[at])
    }

    /// The types of resources, sorted by name.
    pub fn types(&'static self) -> &'static [ResourceType] {
        &self.table.types
    }

    /// The type that something acts on.
    pub fn resource_type(&'static self, acts_on: &ActsOn) -> &'static ResourceType {
        &self.table.types[usize::from(acts_on.resource_type)]
    }

    /// A set of condition keys.
    pub fn keys(&'static self, set: u16) -> &'static [&'static str] {
        &self.table.keys[usize::from(set)]
    }
}

impl std::fmt::Debug for Actions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Actions").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_can_be_read() {
        for prefix in PREFIXES {
            let actions = Actions::of(prefix).unwrap();
            assert!(actions.all().len() > 10 && !actions.types().is_empty(), "{prefix}");
            assert!(actions.all().is_sorted_by_key(|action| action.name), "{prefix}");
            for action in actions.all() {
                assert!(std::ptr::eq(actions.get(action.name).unwrap(), action));
            }
        }
        assert!(Actions::of("lambda").is_none());
    }

    #[test]
    fn an_action_says_what_it_acts_on() {
        let ec2 = Actions::of("ec2").unwrap();
        let action = ec2.get("CreateVpcEndpoint").unwrap();
        let on = |required: bool| -> Vec<_> {
            let of = action.acts_on.iter().filter(|on| on.required == required);
            of.map(|on| ec2.resource_type(on).name).collect()
        };
        assert_eq!(on(true), ["vpc", "vpc-endpoint"]);
        assert_eq!(on(false), ["route-table", "security-group", "subnet"]);
        assert_eq!((action.level, ec2.keys(action.keys)), (Level::Write, &["ec2:Region"][..]));
        assert!(action.dependent.contains(&"ec2:CreateTags"));
        let endpoint = action.acts_on.iter().find(|on| ec2.resource_type(on).name == "vpc-endpoint").unwrap();
        assert!(ec2.keys(endpoint.keys).contains(&"ec2:VpceServiceName"));
        assert!(ec2.get("DescribeVpcs").unwrap().acts_on.is_empty());
    }
}
