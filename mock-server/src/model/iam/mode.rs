//! What an account does with what policies say, and the policies that its organization sets over it.

use super::PolicyDocument;
use crate::kernel::Rehome;
use std::sync::Arc;

/// What becomes of a call that no policy allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Rehome)]
pub enum IamMode {
    /// It is refused.
    #[default]
    Enforce,
    /// It is served, and an event tells that it would have been refused. Roles are not looked at either.
    Audit,
    /// It is served, and nobody asks.
    Off,
}

impl IamMode {
    pub const ALL: [IamMode; 3] = [IamMode::Enforce, IamMode::Audit, IamMode::Off];

    pub fn name(self) -> &'static str {
        match self {
            IamMode::Enforce => "enforce",
            IamMode::Audit => "audit",
            IamMode::Off => "off",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// Service control policies: what the account's organization lets anybody in it do, the root user included.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct ControlPolicies {
    /// AWS's `FullAWSAccess` is attached too, as it is unless somebody detaches it.
    pub full_access: bool,
    /// By name. All are on one level.
    pub policies: Arc<[(String, PolicyDocument)]>,
}

impl Default for ControlPolicies {
    fn default() -> Self {
        Self { full_access: true, policies: Arc::default() }
    }
}

/// Settings of an account that say how calls are authorised.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct Authorization {
    pub mode: IamMode,
    pub control: ControlPolicies,
}
