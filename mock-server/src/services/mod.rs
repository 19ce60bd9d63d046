//! One type for each AWS operation. An operation knows the model and its service's errors, and nothing of bytes
//! and headers: it is given a decoded input and answers something that can be serialised.

pub mod ec2;
pub mod iam;
#[cfg(test)]
pub(crate) mod lab;
pub mod logs;
pub mod page;
pub mod refusal;
pub mod runtime;
pub mod s3;
pub mod sagemaker;
pub mod ssm;
pub mod sts;
#[cfg(test)]
mod tests;

use crate::jobs;
use crate::kernel::{Due, Memo, SimTime};
pub use crate::model::Principal;
use crate::model::Session;
use crate::model::{Alarm, Invocation, Owner, Partition, Said, Site, State, Txn};
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Who calls, from where.
#[derive(Clone, Debug)]
pub struct Caller {
    pub account: crate::kernel::AccountId,
    /// The region that the request is signed for.
    pub region: Arc<str>,
    pub partition: Partition,
    pub principal: Principal,
    /// The temporary credentials that the request is made with, if it is.
    pub session: Option<Arc<Session>>,
    /// The access key id of the request; empty if it was not signed.
    pub access_key: String,
    /// Where the request came in, such as `127.0.0.1:4545`.
    pub host: String,
}

impl Caller {
    /// A service that acts in an account by itself.
    pub fn service(site: &Site) -> Self {
        Self {
            account: site.account,
            region: site.region.clone(),
            partition: site.partition,
            principal: Principal::Root,
            session: None,
            access_key: String::new(),
            host: String::new(),
        }
    }

    /// The ARN of something of the caller's account in the caller's region.
    pub fn arn(&self, service: &str, resource: impl std::fmt::Display) -> String {
        self.partition.arn(service, &self.region, self.account, resource)
    }
}

/// Which of an account's cells an operation works on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Home {
    Region,
    Account,
}

/// One AWS operation.
pub trait Operation: 'static {
    /// As the service's model names it.
    const NAME: &'static str;
    const HOME: Home = Home::Region;
    /// The members of the input that are used; all others are reported as ignored.
    type In: DeserializeOwned;
    type Out: Reply;
    type Error: Into<Refused>;

    /// The things that a describing operation is about: what a waiter waits for and what a poll polls.
    fn subjects(_input: &Self::In) -> Vec<Owner> {
        Vec::new()
    }
}

/// An operation that changes nothing: it never holds a transaction.
pub trait Read: Operation {
    /// # Errors
    /// What the service answers when it refuses.
    fn run(view: &View<'_>, input: Self::In) -> Result<Self::Out, Self::Error>;

    /// Who is on the way out of what was told: on a `poll` clock it is gone when somebody asks again.
    fn leaving(_out: &Self::Out) -> BTreeSet<Owner> {
        BTreeSet::new()
    }
}

/// An operation that changes its cell, all of it or nothing.
pub trait Write: Operation {
    /// # Errors
    /// What the service answers when it refuses; the cell is then as it was.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Self::In) -> Result<Self::Out, Self::Error>;
}

/// An operation whose answer a container gives, which may run somewhere else: nothing here can wait for it, so that the
/// call is two halves, and whoever can wait is between them.
pub trait Invoke: Operation<Error = Refused> {
    /// How long the container may take.
    const LIMIT: Duration;

    /// Finds out where the call goes. `request` is its id.
    ///
    /// # Errors
    /// What the service answers when it refuses; the cell is then as it was.
    fn begin(
        txn: &mut Txn<'_>,
        caller: &Caller,
        request: &str,
        input: Self::In,
    ) -> Result<Invocation, Refused>;

    /// What the caller is told of what the container said.
    ///
    /// # Errors
    /// The container did not answer well. It was asked all the same.
    fn end(invocation: &Invocation, said: &Said) -> Result<Self::Out, Refused>;
}

/// What a reading operation sees: one consistent snapshot of its cell and one of the account-wide cell.
pub struct View<'a> {
    pub state: &'a State,
    pub global: &'a State,
    pub caller: &'a Caller,
    pub now: SimTime,
}

/// Somebody who is told every operation of a service; see `ec2::operations` and its like.
pub trait Registrar {
    fn read<O: Read>(&mut self);
    fn write<O: Write>(&mut self);
    /// Only SageMaker Runtime has such operations.
    fn invoke<O: Invoke>(&mut self) {}
}

/// A refusal on its way out: what the service says, and why in our own terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    pub code: Cow<'static, str>,
    pub message: String,
    /// HTTP status.
    pub status: u16,
    /// The id of the documented rule behind it.
    pub because: Option<&'static str>,
    /// The name of the line of a table that it is.
    pub line: Option<&'static str>,
    /// What the message is made of, if AWS's own is not known.
    pub assumed: Option<refusal::Assumed>,
    /// What the service's model has of the error beside its message.
    pub members: Box<[(&'static str, serde_json::Value)]>,
}

/// Does what a timer says.
pub fn step(txn: &mut Txn<'_>, due: Due<Owner, Alarm>) {
    match due.what {
        Alarm::Wake => sagemaker::wake(txn, &due.owner, due.at),
        _ => jobs::step(txn, due),
    }
}

// === What an operation answers ===

/// Something that an operation answers: any serialisable structure with the member names of the model, or a
/// [`Page`] of rows.
pub trait Reply {
    /// # Errors
    /// What the writer cannot write.
    fn write<W: ReplyWriter>(&self, writer: &mut W) -> Result<(), W::Error>;
}

/// The boundary's side of [`Reply`].
pub trait ReplyWriter {
    type Error;
    /// # Errors
    /// A member that the model's output does not have.
    fn value<T: Serialize>(&mut self, value: &T) -> Result<(), Self::Error>;
    /// A structure that is always printed the same way, so that what was printed can be kept in `memo`, which
    /// belongs to the one row from which everything in `value` comes.
    ///
    /// # Errors
    /// A member that the model's output does not have.
    fn whole<T: Serialize>(&mut self, memo: &Memo, value: &T) -> Result<(), Self::Error> {
        let _ = memo;
        self.value(value)
    }
    /// # Errors
    /// A member that the model's output does not have.
    fn page<R: Printed>(&mut self, page: &Page<R>) -> Result<(), Self::Error>;
    /// A stream of events, and what goes before it; that alone, for writers that know no streams.
    ///
    /// # Errors
    /// A member that the model's output does not have.
    fn stream<T: Serialize>(&mut self, head: &T, events: &[StreamEvent]) -> Result<(), Self::Error> {
        let _ = events;
        self.value(head)
    }
}

/// Something in a stream.
pub enum StreamEvent {
    /// An event that is bytes and nothing else.
    Part { name: &'static str, bytes: bytes::Bytes },
    /// The end of a stream that does not end well.
    Exception { name: &'static str, members: serde_json::Value },
}

impl<T: Serialize> Reply for T {
    fn write<W: ReplyWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.value(self)
    }
}

/// A row that is always printed the same way, so that what was printed can be kept in the row.
///
/// Everything that `print` writes must live in the row itself.
pub trait Printed {
    /// The output member that lists such rows, such as `Subnets`.
    const LIST: &'static str;
    /// The output member with the token of the next page.
    const TOKEN: &'static str = "NextToken";
    /// `None`: what is printed depends on more than the row, or is not all of it, and nothing is kept.
    fn memo(&self) -> Option<&Memo> {
        None
    }
    /// # Errors
    /// Those of the serialiser.
    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

/// One page of a list.
pub struct Page<R> {
    pub rows: Vec<R>,
    pub next_token: Option<String>,
}

impl<R: Printed> Reply for Page<R> {
    fn write<W: ReplyWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.page(self)
    }
}

/// The answer of an operation that answers nothing.
#[derive(Serialize)]
pub struct Done {}
