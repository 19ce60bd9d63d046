//! Who asks, as policies name them.

/// Who asks. Account ids are twelve digits.
///
/// What may be asked of a principal by policies (its account, its ARNs, its unique ids) is in its methods; nothing
/// else of the engine looks at the variants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Principal {
    /// The root user of an account.
    Root { account: String, arn: String },
    /// `id` is the unique id (`AIDA…`), `name` the friendly name without path.
    User { account: String, arn: String, id: String, name: String },
    /// The session of a role: `arn` is the one of STS (`…:assumed-role/ROLE/SESSION`), `id` is `AROA…:SESSION`.
    Session { account: String, arn: String, role_arn: String, id: String },
    /// A federated user (`arn:aws:sts::ACCOUNT:federated-user/NAME`, `id` is `ACCOUNT:NAME`), or whoever an identity
    /// provider vouches for (`arn` is then the provider's, as trust policies name it).
    Federated { account: String, arn: String, id: String },
    /// An AWS service, such as `sagemaker.amazonaws.com`.
    Service { name: String },
    /// Nobody: the request is not signed.
    Anonymous,
}
