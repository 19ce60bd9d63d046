//! Who asks, as policies name them.

/// Who asks. Account ids are twelve digits.
///
/// What may be asked of a principal by policies (its account, its ARNs, its unique ids) is in its methods;
/// nothing else of the engine looks at the variants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Principal {
    /// The root user of an account.
    Root { account: String, arn: String },
    /// `id` is the unique id (`AIDA…`), `name` the friendly name without path.
    User { account: String, arn: String, id: String, name: String },
    /// The session of a role: `arn` is the one of STS (`…:assumed-role/ROLE/SESSION`), `id` is
    /// `AROA…:SESSION`.
    Session { account: String, arn: String, role_arn: String, id: String },
    /// A federated user (`arn:aws:sts::ACCOUNT:federated-user/NAME`, `id` is `ACCOUNT:NAME`), or whoever an
    /// identity provider vouches for (`arn` is then the provider's, as trust policies name it).
    Federated { account: String, arn: String, id: String },
    /// An AWS service, such as `sagemaker.amazonaws.com`.
    Service { name: String },
    /// Nobody: the request is not signed.
    Anonymous,
}

/// What somebody is to the accounts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// Needs no policy within its account.
    Root,
    /// Has identity-based policies.
    Identity,
    /// Acts for no account: only resources can let it in.
    Outsider,
}

impl Principal {
    pub(super) fn standing(&self) -> Standing {
        match self {
            Principal::Root { .. } => Standing::Root,
            Principal::User { .. } | Principal::Session { .. } => Standing::Identity,
            Principal::Federated { arn, .. } if is_session(arn) => Standing::Identity,
            Principal::Federated { .. } | Principal::Service { .. } | Principal::Anonymous => {
                Standing::Outsider
            }
        }
    }

    /// The account it acts for.
    pub fn account(&self) -> Option<&str> {
        match self {
            Principal::Root { account, .. }
            | Principal::User { account, .. }
            | Principal::Session { account, .. }
            | Principal::Federated { account, .. } => {
                (self.standing() != Standing::Outsider).then_some(account.as_str())
            }
            Principal::Service { .. } | Principal::Anonymous => None,
        }
    }

    /// The condition keys that follow from who asks (IAM user guide, "Principal key values" and "Properties
    /// of the principal"). All have one value.
    pub(super) fn key(&self, name: &str) -> Option<&str> {
        let name = name.get(..4).filter(|start| start.eq_ignore_ascii_case("aws:")).and(name.get(4..))?;
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if is("PrincipalArn") {
            self.arn()
        } else if is("PrincipalAccount") {
            self.account().or((*self == Principal::Anonymous).then_some("anonymous"))
        } else if is("PrincipalType") {
            self.type_name()
        } else if is("userid") {
            self.user_id()
        } else if is("username") {
            if let Principal::User { name, .. } = self { Some(name) } else { None }
        } else if is("PrincipalIsAWSService") {
            match self {
                Principal::Service { .. } => Some("true"),
                Principal::Anonymous => None,
                _ => Some("false"),
            }
        } else if is("PrincipalServiceName") {
            if let Principal::Service { name } = self { Some(name) } else { None }
        } else {
            None
        }
    }

    /// Of a session its role's.
    fn arn(&self) -> Option<&str> {
        match self {
            Principal::Root { arn, .. } | Principal::User { arn, .. } => Some(arn),
            Principal::Session { role_arn, .. } => Some(role_arn),
            Principal::Federated { arn, .. } => is_session(arn).then_some(arn),
            Principal::Service { .. } | Principal::Anonymous => None,
        }
    }

    fn type_name(&self) -> Option<&str> {
        match self {
            Principal::Root { .. } => Some("Account"),
            Principal::User { .. } => Some("User"),
            Principal::Session { .. } => Some("AssumedRole"),
            Principal::Federated { arn, .. } => is_session(arn).then_some("FederatedUser"),
            Principal::Service { .. } => None,
            Principal::Anonymous => Some("Anonymous"),
        }
    }

    fn user_id(&self) -> Option<&str> {
        match self {
            Principal::Root { account, .. } => Some(account),
            Principal::User { id, .. } | Principal::Session { id, .. } | Principal::Federated { id, .. } => {
                Some(id)
            }
            Principal::Service { .. } => None,
            Principal::Anonymous => Some("anonymous"),
        }
    }
}

/// Whether this is a federated user, and not who vouches for one.
fn is_session(arn: &str) -> bool {
    arn.contains(":federated-user/")
}

/// How a statement lets somebody in who it names. The later the stronger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Grant {
    /// Through the account: its own policies decide.
    Account,
    /// Through the role: whatever limits the session still does.
    Role,
    /// Itself.
    Direct,
}

/// The principals that a statement names.
#[derive(Clone, Default, Debug)]
pub(super) struct Named {
    /// `*`
    everybody: bool,
    /// Of `AWS`: ARNs, unique ids.
    aws: Vec<String>,
    /// Of `AWS`: accounts, also by the ARN of their root user.
    accounts: Vec<String>,
    /// Of `AWS`: `*`.
    every_account: bool,
    services: Vec<String>,
    federated: Vec<String>,
}

impl Named {
    pub fn everybody() -> Named {
        Named { everybody: true, ..Named::default() }
    }

    /// Adds the names under a key of `Principal`. `false`: there is no such key.
    pub fn add(&mut self, key: &str, names: Vec<String>) -> bool {
        match key {
            "AWS" => {
                for name in names {
                    match account_of(&name) {
                        _ if name == "*" => self.every_account = true,
                        Some(account) => self.accounts.push(account.to_owned()),
                        None => self.aws.push(name),
                    }
                }
            }
            "Service" => self.services.extend(names),
            "Federated" => self.federated.extend(names),
            // Users of S3's own kind: nobody here is one.
            "CanonicalUser" => {}
            _ => return false,
        }
        true
    }

    /// Whether it names the principal, and how.
    ///
    /// `trust`: in a role's trust policy `{"AWS": "*"}` means no services and no identity providers
    /// (assumed); elsewhere it is the same as `*`.
    pub fn grant(&self, principal: &Principal, trust: bool) -> Option<Grant> {
        let outside =
            matches!(principal.standing(), Standing::Outsider) && *principal != Principal::Anonymous;
        if self.everybody || (self.every_account && !(trust && outside)) {
            return Some(Grant::Direct);
        }
        let lists = |name: &str| !name.is_empty() && self.aws.iter().any(|listed| listed == name);
        let account =
            principal.account().is_some_and(|account| self.accounts.iter().any(|listed| listed == account));
        let account = account.then_some(Grant::Account);
        let direct = |named: bool| named.then_some(Grant::Direct);
        match principal {
            Principal::Root { arn, .. } => direct(account.is_some() || lists(arn)),
            Principal::User { arn, id, .. } => direct(lists(arn) || lists(id)).or(account),
            Principal::Session { arn, role_arn, id, .. } => {
                let role_id = id.split_once(':').map_or("", |(role, _)| role);
                let role = (lists(role_arn) || lists(role_id)).then_some(Grant::Role);
                direct(lists(arn) || lists(id)).or(role).or(account)
            }
            Principal::Federated { arn, .. } => {
                direct(lists(arn) || self.federated.contains(arn)).or(account)
            }
            Principal::Service { name } => direct(self.services.contains(name)),
            Principal::Anonymous => None,
        }
    }

    /// Whether `NotPrincipal` spares the principal: it must be listed together with its account ("IAM JSON
    /// policy elements: NotPrincipal").
    pub fn spares(&self, principal: &Principal, trust: bool) -> bool {
        match self.grant(principal, trust) {
            None => false,
            Some(_) if self.everybody || self.every_account => true,
            Some(grant) => principal.account().is_none_or(|account| {
                let itself = grant > Grant::Account;
                itself && self.accounts.iter().any(|listed| listed == account)
            }),
        }
    }
}

/// The account that a name stands for: twelve digits, or the ARN of its root user.
fn account_of(name: &str) -> Option<&str> {
    let digits = match name.strip_prefix("arn:") {
        Some(arn) => arn.split_once(":iam::")?.1.strip_suffix(":root")?,
        None => name,
    };
    (digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}
