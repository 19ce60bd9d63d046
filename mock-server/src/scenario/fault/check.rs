//! What is wrong with a fault beyond its form.

use super::{Declared, Documented, Moment, Throttle, Tokens, is_filled_later};
use crate::aws::{ServiceId, ServiceModel, client};
use crate::model::Wildcard;
use crate::s3;
use crate::scenario::callee::{Callee, Shape};
use crate::scenario::outline::{self, Outline};
use crate::scenario::problem::{Flaw, flaw, instead_of};
use crate::scenario::query;
use crate::scenario::span::Span;
use std::time::Duration;

/// The longest that an answer may be delayed.
const LONGEST_DELAY: Duration = Duration::from_secs(10 * 60);
/// What is said of a window at no moment of which its fault could strike.
pub(super) const NEVER_OPEN: &str = "the window ends before it begins";
const LARGEST_BURST: u64 = 1_000_000_000;

impl Declared {
    /// What is wrong with it beyond its form. Texts with templates in them are looked at when these are filled in.
    pub fn problem(&self) -> Option<Flaw> {
        self.match_problem()
            .or_else(|| self.effect_problem())
            .or_else(|| self.window_problem())
            .or_else(|| self.count_problem())
    }

    fn match_problem(&self) -> Option<Flaw> {
        let scope = &self.r#match;
        let id = self.id.as_deref().filter(|id| !is_filled_later(id) && !is_name(id));
        if let Some(id) = id {
            return flaw("id", format!("`{id}` is no id: letters, digits, `-`, `_` and `.`, 64 at most"));
        }
        let texts = [
            ("match.service", &scope.service),
            ("match.operation", &scope.operation),
            ("match.resource", &scope.resource),
            ("match.principal", &scope.principal),
            ("match.region", &scope.region),
        ];
        let empty = texts.iter().find(|(_, text)| text.as_ref().is_some_and(String::is_empty));
        if let Some((way, _)) = empty {
            return flaw(way, "an empty text matches nothing: leave it out, or write `*`");
        }
        if let Some(problem) = self.unknown_names() {
            return Some(problem);
        }
        let condition = scope.r#where.as_deref().filter(|condition| !is_filled_later(condition))?;
        let found = query::check(condition).and_then(|()| outline::find(condition, &self.input()));
        found.err().and_then(|message| flaw("match.where", message))
    }

    /// A service or an operation that there is not.
    fn unknown_names(&self) -> Option<Flaw> {
        let scope = &self.r#match;
        let service = scope.service.as_deref().filter(|name| !is_filled_later(name));
        let fits = |name: &str| service.is_none_or(|wanted| Wildcard::new(wanted).matches(name));
        let services: Vec<_> = services().filter(|name| fits(name)).collect();
        if let Some(name) = service.filter(|_| services.is_empty()) {
            return flaw(
                "match.service",
                format!("no service is named `{name}`{}", instead_of(name, self::services())),
            );
        }
        let operation = scope.operation.as_deref().filter(|name| !is_filled_later(name))?;
        let wanted = Wildcard::new(operation);
        let known = || services.iter().flat_map(|service| operations(service));
        if known().any(|name| wanted.matches(name)) {
            return None;
        }
        let of = service.map_or("no service has an".to_owned(), |service| format!("{service} has no"));
        flaw("match.operation", format!("{of} operation `{operation}`{}", instead_of(operation, known())))
    }

    /// The input of the calls that it is for, if they are of one operation.
    fn input(&self) -> Outline {
        let scope = &self.r#match;
        let (Some(service), Some(operation)) = (&scope.service, &scope.operation) else {
            return Outline::Anything;
        };
        // Wildcards and templates name none.
        match Callee::find(&format!("{service}.{operation}")) {
            // Faults strike before a body is read.
            Ok(Callee::S3(operation)) => {
                Outline::Of(operation.head().map(|member| (member.name, Shape::S3(&member.shape))).collect())
            }
            callee => callee.ok().and_then(Callee::input).map_or(Outline::Anything, Outline::Like),
        }
    }

    fn effect_problem(&self) -> Option<Flaw> {
        let effect = &self.effect;
        let given = [
            ("error", effect.error.is_some()),
            ("drop", effect.drop.is_some()),
            ("truncate", effect.truncate.is_some()),
            ("throttle", effect.throttle.is_some()),
            ("expiredCredentials", effect.expired_credentials),
            ("outage", effect.outage),
            ("keepInterfaces", effect.keep_interfaces.is_some()),
        ];
        let given: Vec<_> = given.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
        let delayed = effect.delay.is_some() || effect.jitter.is_some();
        let [delay, jitter] =
            [effect.delay, effect.jitter].map(|span| span.map_or(Duration::ZERO, |span| span.0));
        if given.is_empty() && !delayed {
            return flaw(
                "effect",
                "`effect` is a `delay`, and one of error, drop, truncate, throttle, expiredCredentials, outage, \
                 keepInterfaces or none",
            );
        }
        if let [first, second, ..] = given.as_slice() {
            return flaw("effect", format!("a fault is either `{first}` or `{second}`"));
        }
        if delay + jitter > LONGEST_DELAY {
            let longest = if delay > jitter { "effect.delay" } else { "effect.jitter" };
            return flaw(longest, format!("an answer is delayed by {} at most", Span(LONGEST_DELAY)));
        }
        if let Some(error) = &effect.error {
            let ascii = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            let is_code = !error.code.is_empty() && error.code.chars().all(ascii);
            if !is_code && !is_filled_later(&error.code) {
                return flaw("effect.error.code", format!("`{}` is no code of an error", error.code));
            }
            if error.status.is_some_and(|status| !(400..600).contains(&status)) {
                return flaw("effect.error.status", "the `status` of an error is from 400 to 599");
            }
        }
        match effect.throttle {
            Some(Throttle::Rate(Tokens { burst, per_second })) => {
                let sound = (1..=LARGEST_BURST).contains(&burst) && (0.001..=1e6).contains(&per_second);
                if !sound {
                    return flaw(
                        "effect.throttle",
                        "`burst` is 1 or more, `perSecond` from 0.001 to 1000000",
                    );
                }
            }
            Some(Throttle::Documented(Documented::Aws)) => {
                let service = self.r#match.service.as_deref();
                if service.is_some_and(|name| !is_filled_later(name) && !Wildcard::new(name).matches("ec2")) {
                    let message = "AWS documents rates of ec2 alone: say `burst` and `perSecond`";
                    return flaw("effect.throttle", message);
                }
            }
            None => {}
        }
        let on_things = effect.outage || effect.keep_interfaces.is_some();
        on_things.then(|| self.problem_of_things(given[0], delayed)).flatten()
    }

    /// What is wrong with a fault that strikes no requests.
    fn problem_of_things(&self, effect: &str, delayed: bool) -> Option<Flaw> {
        let scope = &self.r#match;
        let others = [
            ("match.service", scope.service.is_some()),
            ("match.operation", scope.operation.is_some()),
            ("match.principal", scope.principal.is_some()),
            ("match.where", scope.r#where.is_some()),
            ("skip", self.skip > 0),
            ("times", self.times.is_some()),
            ("probability", self.probability.is_some()),
            ("effect.delay", delayed),
        ];
        if let Some((way, _)) = others.iter().find(|(_, given)| *given) {
            let name = way.rsplit('.').next().unwrap_or(way);
            let message = format!("`{effect}` strikes things, not requests: `{name}` has no meaning for it");
            return flaw(way, message);
        }
        let flaw = || Flaw::new("match", format!("`{effect}` needs a `resource` in its `match`"));
        scope.resource.is_none().then(flaw)
    }

    fn window_problem(&self) -> Option<Flaw> {
        let window = self.window.as_ref()?;
        match (window.from, window.until, window.r#for) {
            (None, None, None) => flaw("window", "`window` has `from`, `until` or `for`"),
            (_, Some(_), Some(_)) => flaw("window", "a window ends `until` a moment, or lasts `for` a time"),
            (_, _, Some(Span(Duration::ZERO))) => flaw("window.for", NEVER_OPEN),
            (Some(Moment::At(from)), Some(Moment::At(until)), _) if until <= from => {
                flaw("window.until", NEVER_OPEN)
            }
            (None, Some(Moment::After(until)), _) if until == Span(Duration::ZERO) => {
                flaw("window.until", NEVER_OPEN)
            }
            (Some(Moment::After(from)), Some(Moment::After(until)), _) if until <= from => {
                flaw("window.until", NEVER_OPEN)
            }
            // Whether a moment comes before the end of a span is known when the fault is declared.
            _ => None,
        }
    }

    fn count_problem(&self) -> Option<Flaw> {
        if self.times == Some(0) {
            return flaw("times", "a fault that strikes no `times` is none");
        }
        let sound = self.probability.is_none_or(|probability| probability > 0.0 && probability <= 1.0);
        (!sound).then(|| Flaw::new("probability", "`probability` is above 0, and 1 at most"))
    }
}

fn is_name(id: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=64).contains(&id.len()) && id.chars().all(known)
}

fn services() -> impl Iterator<Item = &'static str> {
    ServiceId::ALL.iter().map(|service| service.name()).chain([client::s3::NAME])
}

/// The operations that there are; of S3, which has no model, those that behave here.
fn operations(service: &str) -> Vec<&'static str> {
    match ServiceId::from_name(service) {
        Some(id) => ServiceModel::get(id).operations().iter().map(|operation| operation.name).collect(),
        None => s3::operations().to_vec(),
    }
}
