//! Answers on their way out, and what declared faults do to them: they are late, end too early, or never come.

use crate::clock;
use crate::gateway::{Cut, Interference};
use bytes::Bytes;
use hyper::Response;
use hyper::body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// The connection is closed because a fault says so.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed, as a declared fault says")]
pub struct ClosedOnPurpose;

/// The body of an answer.
pub struct Reply {
    /// What is still to be sent.
    rest: Option<Bytes>,
    /// What was announced.
    size: u64,
    state: State,
}

#[derive(PartialEq)]
enum State {
    Whole,
    /// It ends before its end.
    Cut,
    /// What there is of it has been handed over, and is sent before the connection is closed.
    Sent,
}

impl Reply {
    pub fn whole(body: Bytes) -> Self {
        Self { size: body.len() as u64, rest: (!body.is_empty()).then_some(body), state: State::Whole }
    }

    fn cut(body: Bytes, after: usize) -> Self {
        let first = body.slice(..after.min(body.len().saturating_sub(1)));
        Self { size: body.len() as u64, rest: (!first.is_empty()).then_some(first), state: State::Cut }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = ClosedOnPurpose;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ClosedOnPurpose>>> {
        if let Some(rest) = self.rest.take() {
            return Poll::Ready(Some(Ok(Frame::data(rest))));
        }
        match self.state {
            State::Whole => Poll::Ready(None),
            // Once, so that what was handed over is written first.
            State::Cut => {
                self.state = State::Sent;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            State::Sent => Poll::Ready(Some(Err(ClosedOnPurpose))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none() && self.state == State::Whole
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.state, &self.rest) {
            (State::Whole, rest) => SizeHint::with_exact(rest.as_ref().map_or(0, |rest| rest.len() as u64)),
            (State::Cut | State::Sent, _) => SizeHint::with_exact(self.size),
        }
    }
}

/// Sends an answer as faults let it be sent. An answer without a body that is to be cut is lost.
pub async fn interfered(
    answer: Response<Bytes>,
    interference: Option<Interference>,
) -> Result<Response<Reply>, ClosedOnPurpose> {
    let Some(Interference { delay, cut }) = interference else { return Ok(answer.map(Reply::whole)) };
    if !delay.is_zero() {
        clock::pause(delay).await;
    }
    match cut {
        Cut::Whole => Ok(answer.map(Reply::whole)),
        Cut::After(bytes) if !answer.body().is_empty() => Ok(answer.map(|body| Reply::cut(body, bytes))),
        Cut::Lost | Cut::After(_) => Err(ClosedOnPurpose),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    async fn read(mut reply: Reply) -> (Vec<u8>, bool) {
        let mut all = Vec::new();
        while let Some(frame) = reply.frame().await {
            match frame {
                Ok(frame) => all.extend(frame.into_data().unwrap()),
                Err(ClosedOnPurpose) => return (all, false),
            }
        }
        (all, true)
    }

    #[tokio::test]
    async fn a_cut_body_announces_all_and_ends_early() {
        let body = Bytes::from_static(b"0123456789");
        assert_eq!(read(Reply::whole(body.clone())).await, (body.to_vec(), true));
        for (after, arrives) in [(0, 0), (4, 4), (10, 9), (100, 9)] {
            let reply = Reply::cut(body.clone(), after);
            assert_eq!((reply.size_hint().exact(), reply.is_end_stream()), (Some(10), false));
            assert_eq!(read(reply).await, (body[..arrives].to_vec(), false), "{after}");
        }
    }
}
