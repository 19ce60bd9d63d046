//! What endpoints are asked, and what their containers answer.

use super::*;
use crate::kernel::{AccountId, Rehome};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// What a container answers to invocations like these.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Reaction {
    pub when: When,
    pub answer: Answer,
}

/// Which invocations; what is not said may be anything, what is said must be there.
#[derive(Clone, PartialEq, Eq, Debug, Default, Rehome)]
pub struct When {
    pub variant: Option<Wildcard>,
    pub component: Option<Wildcard>,
    pub target_model: Option<Wildcard>,
    pub container: Option<Wildcard>,
    pub content_type: Option<Wildcard>,
    pub custom_attributes: Option<Wildcard>,
    /// The body as text; what is no UTF-8 in it matches a star only.
    pub body: Option<Wildcard>,
}

impl When {
    fn fits(&self, invocation: &Invocation) -> bool {
        let fits = |wanted: &Option<Wildcard>, given: Option<&str>| {
            wanted.as_ref().is_none_or(|wanted| given.is_some_and(|given| wanted.matches(given)))
        };
        fits(&self.variant, Some(&invocation.variant))
            && fits(&self.component, invocation.component.as_deref())
            && fits(&self.target_model, invocation.target_model.as_deref())
            && fits(&self.container, Some(&invocation.container))
            && fits(&self.content_type, invocation.content_type.as_deref())
            && fits(&self.custom_attributes, invocation.custom_attributes.as_deref())
            && (self.body.is_none() || fits(&self.body, Some(&String::from_utf8_lossy(&invocation.body))))
    }
}

/// Where an answer comes from.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub enum Answer {
    Canned(Canned),
    /// From a container that somebody runs: its address, without the path that SageMaker adds.
    Proxy(Arc<str>),
}

/// An answer that was declared.
#[derive(Clone, PartialEq, Eq, Debug, Rehome)]
pub struct Canned {
    pub status: u16,
    pub content_type: Option<Arc<str>>,
    /// `None`: the body of the request comes back, with its type.
    pub parts: Option<Vec<Bytes>>,
    pub told: Told,
    /// A stream ends with this.
    pub broken: Option<Broken>,
    pub delay: Duration,
}

impl Default for Canned {
    /// What a container does of which nothing was declared.
    fn default() -> Self {
        Self {
            status: 200,
            content_type: None,
            parts: None,
            told: Told::default(),
            broken: None,
            delay: Duration::ZERO,
        }
    }
}

/// The headers of a container that SageMaker passes on. Source: API reference, InvokeEndpoint.
#[derive(Clone, PartialEq, Eq, Debug, Default, Rehome)]
pub struct Told {
    pub custom_attributes: Option<Arc<str>>,
    pub new_session: Option<Arc<str>>,
    pub closed_session: Option<Arc<str>>,
}

/// How a stream ends that does not end well.
#[derive(Clone, PartialEq, Eq, Debug, Rehome)]
pub struct Broken {
    pub code: Arc<str>,
    pub message: Arc<str>,
}

/// What a container said.
#[derive(Clone, PartialEq, Eq, Debug, Rehome)]
pub struct Said {
    /// HTTP status; 0 if it said nothing.
    pub status: u16,
    pub content_type: Option<Arc<str>>,
    /// The body, in the pieces in which it is streamed.
    pub parts: Vec<Bytes>,
    pub told: Told,
    pub broken: Option<Broken>,
}

impl Said {
    /// A container that did not answer, and why.
    pub fn nothing(why: impl Into<Bytes>) -> Self {
        Self { status: 0, content_type: None, parts: vec![why.into()], told: Told::default(), broken: None }
    }

    /// The whole body.
    pub fn body(&self) -> Bytes {
        match &*self.parts {
            [whole] => whole.clone(),
            parts => parts.concat().into(),
        }
    }
}

/// An invocation on its way to a container.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Invocation {
    pub account: AccountId,
    pub region: Arc<str>,
    pub endpoint: Arc<str>,
    pub variant: Arc<str>,
    /// The inference component that answers, if the endpoint has such.
    pub component: Option<Arc<str>>,
    /// What errors and metrics call the container.
    pub container: Arc<str>,
    pub target_model: Option<Arc<str>>,
    pub content_type: Option<Arc<str>>,
    pub accept: Option<Arc<str>>,
    pub custom_attributes: Option<Arc<str>>,
    pub inference_id: Option<Arc<str>>,
    pub session: Option<Arc<str>>,
    pub body: Bytes,
    pub answer: Answer,
    /// What the record is called that the endpoint keeps of the call; `None`: it keeps none.
    pub capture: Option<u128>,
}

impl Invocation {
    /// Looks up what the container was declared to answer: the first reaction that fits, or an echo.
    #[must_use]
    pub fn answered_by(mut self, behaviour: Option<&Behaviour>) -> Self {
        let reactions = behaviour.map_or(&[][..], |behaviour| &behaviour.invocations);
        let found = reactions.iter().find(|reaction| reaction.when.fits(&self));
        self.answer = found.map_or_else(|| Answer::Canned(Canned::default()), |found| found.answer.clone());
        self
    }

    /// What a declared answer says to this invocation.
    pub fn said(&self, canned: &Canned) -> Said {
        let echo = || {
            let body = Some(self.body.clone()).filter(|body| !body.is_empty());
            body.into_iter().collect()
        };
        let content_type = match &canned.parts {
            None => canned.content_type.clone().or_else(|| self.content_type.clone()),
            Some(_) => canned.content_type.clone(),
        };
        Said {
            status: canned.status,
            content_type,
            parts: canned.parts.clone().unwrap_or_else(echo),
            told: canned.told.clone(),
            broken: canned.broken.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(body: &str) -> Invocation {
        Invocation {
            account: AccountId::parse("123456789012").unwrap(),
            region: "us-east-1".into(),
            endpoint: "e".into(),
            variant: "A".into(),
            component: None,
            container: "primary".into(),
            target_model: None,
            content_type: Some("text/csv".into()),
            accept: None,
            custom_attributes: None,
            inference_id: None,
            session: None,
            body: Bytes::copy_from_slice(body.as_bytes()),
            answer: Answer::Canned(Canned::default()),
            capture: None,
        }
    }

    fn answer(behaviour: &Behaviour, invocation: Invocation) -> Said {
        let invocation = invocation.answered_by(Some(behaviour));
        match &invocation.answer {
            Answer::Canned(declared) => invocation.said(declared),
            Answer::Proxy(_) => panic!("nobody declared one"),
        }
    }

    #[test]
    fn the_first_reaction_that_fits_answers_and_else_the_body_comes_back() {
        let when = |body: &str| When { body: Some(Wildcard::new(body)), ..When::default() };
        let canned = |text: &'static str| {
            let parts = Some(vec![Bytes::from_static(text.as_bytes())]);
            Answer::Canned(Canned { parts, status: 201, ..Canned::default() })
        };
        let absent = When { target_model: Some(Wildcard::new("*")), ..When::default() };
        let behaviour = Behaviour {
            invocations: vec![
                Reaction { when: absent, answer: canned("never") },
                Reaction { when: when("a*"), answer: canned("1") },
                Reaction { when: when("*"), answer: canned("2") },
            ],
            ..Behaviour::default()
        };
        let said = |body| answer(&behaviour, invocation(body));
        assert_eq!((said("ab").body().as_ref(), said("b").body().as_ref()), (&b"1"[..], &b"2"[..]));
        assert_eq!((said("").status, said("").content_type), (201, None));
        let echo = answer(&Behaviour::default(), invocation("x,y"));
        assert_eq!((echo.status, echo.body().as_ref()), (200, &b"x,y"[..]));
        assert_eq!(echo.content_type.as_deref(), Some("text/csv"));
    }
}
