//! Roles, and the profiles that hand them to instances.

use super::*;

/// The name of the session in which SageMaker acts as a role: public recordings show `AROA…:SageMaker`.
pub const SERVICE_SESSION: &str = "SageMaker";

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Role {
    pub name: String,
    /// `AROA` and seventeen more characters.
    pub unique_id: String,
    /// Begins and ends with a slash.
    pub path: String,
    pub arn: String,
    pub description: Option<String>,
    /// The trust policy.
    pub trust: PolicyDocument,
    pub grants: Grants,
    pub max_session_seconds: i32,
    pub created: SimTime,
    pub tags: Tags,
}

impl Role {
    /// The key of the role with this name, in whatever case.
    pub fn key_of(name: &str) -> String {
        name.to_lowercase()
    }
}

impl Row for Role {
    /// Role names are unique in an account whatever their case.
    type Key = String;
    type Index = ();
    fn key(&self) -> String {
        Self::key_of(&self.name)
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

/// A role as an instance is given it: at most one.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct InstanceProfile {
    pub name: String,
    /// `AIPA` and seventeen more characters.
    pub unique_id: String,
    /// Begins and ends with a slash.
    pub path: String,
    pub arn: String,
    pub created: SimTime,
    /// The key of the role in it, see [`Role::key_of`].
    pub role: Option<String>,
    pub tags: Tags,
}

impl InstanceProfile {
    /// The key of the profile with this name, in whatever case.
    pub fn key_of(name: &str) -> String {
        name.to_lowercase()
    }
}

impl Row for InstanceProfile {
    type Key = String;
    /// The key of the role in it.
    type Index = String;
    fn key(&self) -> String {
        Self::key_of(&self.name)
    }
    fn indexes(&self, emit: &mut dyn FnMut(String)) {
        self.role.iter().cloned().for_each(emit);
    }
}
