//! What an account has set for itself as a whole.

use super::*;
use std::sync::Arc;

#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct AccountSettings {
    /// What the address of the sign-in page shows in place of the account's number.
    pub alias: Option<Arc<str>>,
    /// `None`: AWS's default policy holds.
    pub password_policy: Option<PasswordPolicy>,
    pub credential_report: Option<CredentialReport>,
}

/// What passwords must be like.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub struct PasswordPolicy {
    pub least_length: i32,
    pub symbols: bool,
    pub numbers: bool,
    pub upper_case: bool,
    pub lower_case: bool,
    pub users_may_change: bool,
    /// In days; `None`: they do not expire.
    pub most_age: Option<i32>,
    /// How many old passwords may not come again.
    pub reuse_prevention: Option<i32>,
    /// Whether users cannot set a new password once theirs has expired.
    pub hard_expiry: Option<bool>,
}

/// The symbols that a policy may require. Source: IAM API reference, UpdateAccountPasswordPolicy.
const SYMBOLS: &str = "!@#$%^&*()_+-=[]{}|'";

impl PasswordPolicy {
    fn admits(&self, password: &str) -> bool {
        let has = Kinds::of(password);
        password.chars().count() >= usize::try_from(self.least_length).unwrap_or(0)
            && (has.symbols || !self.symbols)
            && (has.numbers || !self.numbers)
            && (has.upper_case || !self.upper_case)
            && (has.lower_case || !self.lower_case)
    }
}

impl AccountSettings {
    /// Whether this may be a password. Source: IAM user guide, "Set an account password policy for IAM users".
    pub fn admits(&self, password: &str) -> bool {
        match &self.password_policy {
            Some(policy) => policy.admits(password),
            None => password.chars().count() >= 8 && Kinds::of(password).count() >= 3,
        }
    }
}

/// Which kinds of characters there are in a password.
struct Kinds {
    symbols: bool,
    numbers: bool,
    upper_case: bool,
    lower_case: bool,
}

impl Kinds {
    fn of(password: &str) -> Self {
        Self {
            symbols: password.contains(|c| SYMBOLS.contains(c)),
            numbers: password.contains(|c: char| c.is_ascii_digit()),
            upper_case: password.contains(|c: char| c.is_ascii_uppercase()),
            lower_case: password.contains(|c: char| c.is_ascii_lowercase()),
        }
    }

    fn count(&self) -> usize {
        [self.symbols, self.numbers, self.upper_case, self.lower_case].into_iter().filter(|has| *has).count()
    }
}

/// A list of all users and their credentials, as it was at some time.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct CredentialReport {
    pub made: SimTime,
    /// Comma-separated values.
    pub text: Arc<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_policy_a_password_is_eight_characters_of_three_kinds() {
        let account = AccountSettings::default();
        assert!(["Passw0rd", "passw0rd!", "PASSW0RD-", "Password!"].iter().all(|text| account.admits(text)));
        assert!(
            !["Passw0r", "password1", "Password", "PASSWORD1", "12345678!"]
                .iter()
                .any(|text| account.admits(text))
        );
    }

    #[test]
    fn a_policy_replaces_the_default_one() {
        let least = PasswordPolicy {
            least_length: 6,
            symbols: false,
            numbers: false,
            upper_case: false,
            lower_case: false,
            users_may_change: false,
            most_age: None,
            reuse_prevention: None,
            hard_expiry: None,
        };
        let admits = |policy: PasswordPolicy, password: &str| {
            AccountSettings { password_policy: Some(policy), ..Default::default() }.admits(password)
        };
        assert!(admits(least, "secret") && !admits(least, "secre"));
        let all =
            PasswordPolicy { symbols: true, numbers: true, upper_case: true, lower_case: true, ..least };
        assert!(admits(all, "Secr3t!"));
        for lacks_one in ["Secr3ts", "Secret!", "secr3t!", "SECR3T!"] {
            assert!(!admits(all, lacks_one), "{lacks_one}");
        }
    }
}
