//! Client tokens: a call that is repeated with its token is done once.
//!
//! Source: EC2 API reference, "Ensuring idempotency in Amazon EC2 API requests"; EC2-IDEM, EC2-IDEM-2.

use super::describe::{Resource, find};
use super::error::Ec2Error;
use crate::kernel::{HexId, digest};
use crate::model::{Id, State, Txn, UsedToken};
use std::fmt::Debug;
use std::sync::Arc;

/// What a client token of this operation may be: its greatest length, and whether it is of ASCII alone.
///
/// Source: API reference, ClientToken of each operation; EC2-IDEM-2.
fn limits(operation: &str) -> (usize, bool) {
    match operation {
        "CreateLaunchTemplate" | "CreateLaunchTemplateVersion" => (128, true),
        "CreateManagedPrefixList" => (255, false),
        _ => (64, true),
    }
}

/// What stands for one request: its token, and a digest of its parameters.
pub struct Stamp {
    key: u128,
    request: u128,
}

impl Stamp {
    /// `request` is the input without its token.
    ///
    /// # Errors
    /// For a token that is none.
    pub fn new(operation: &str, token: &str, request: &impl Debug) -> Result<Self, Ec2Error> {
        let (most, ascii) = limits(operation);
        if token.chars().count() > most || (ascii && !token.is_ascii()) {
            let characters = if ascii { "ASCII characters" } else { "characters" };
            return Err(Ec2Error::BadClientToken { token: token.to_owned(), most, characters });
        }
        let key = digest(0, &[operation.as_bytes(), token.as_bytes()]);
        Ok(Self { key, request: digest(0, &[format!("{request:?}").as_bytes()]) })
    }

    /// What rows keep as their `client_token`, so that the token goes with them
    /// ([`crate::model::State::forget_token`]).
    pub fn key(&self) -> u128 {
        self.key
    }

    /// What the same request made before.
    ///
    /// # Errors
    /// If the token came with other parameters.
    pub fn made(&self, state: &State) -> Result<Option<HexId>, Ec2Error> {
        match state.client_tokens.get(&self.key) {
            Some(used) if used.request != self.request => Err(Ec2Error::TokenReused),
            used => Ok(used.map(|used| used.made)),
        }
    }

    /// From now on the request stands for what it made.
    pub fn keep(&self, state: &mut State, made: HexId) {
        state.client_tokens.insert(self.key, UsedToken { request: self.request, made });
    }
}

/// Makes something unless a call of this operation with this token made it before: then that is answered as it is
/// now. `request` is the input without its token. `make` gets what the row has to keep as its `client_token`.
///
/// # Errors
/// For a token that is none, or one that came with other parameters; and those of `make`.
pub fn once<R: Resource>(
    txn: &mut Txn<'_>,
    operation: &str,
    token: Option<&str>,
    request: &impl Debug,
    make: impl FnOnce(&mut Txn<'_>, Option<u128>) -> Result<Arc<R>, Ec2Error>,
) -> Result<Arc<R>, Ec2Error> {
    let make = |txn: &mut Txn<'_>, key| make(txn, key).map(|row| (row.key().hex(), row));
    let again = |state: &State, made| find(state, &R::Key::from_hex(made).to_string()).cloned();
    once_made(txn, operation, token, request, make, again)
}

/// The same for what is no single row: `make` answers it with the id that the token stands for, `again` finds it by
/// that.
///
/// # Errors
/// As [`once`].
pub fn once_made<T>(
    txn: &mut Txn<'_>,
    operation: &str,
    token: Option<&str>,
    request: &impl Debug,
    make: impl FnOnce(&mut Txn<'_>, Option<u128>) -> Result<(HexId, T), Ec2Error>,
    again: impl FnOnce(&State, HexId) -> Result<T, Ec2Error>,
) -> Result<T, Ec2Error> {
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return make(txn, None).map(|(_, made)| made);
    };
    let stamp = Stamp::new(operation, token, request)?;
    if let Some(made) = stamp.made(&txn.state)? {
        return again(&txn.state, made);
    }
    let (id, made) = make(txn, Some(stamp.key()))?;
    stamp.keep(&mut txn.state, id);
    Ok(made)
}
