//! Refusals: what a service answers when it refuses, each fact of one in one place.
//!
//! [`refusals!`] makes an error enum from a table. A line of the table is a variant with its facts, AWS's code, the
//! HTTP status where it is not 400, the documented rule behind it if there is one, and the text:
//!
//! ```text
//! /// Where the facts come from, if not from the rule.
//! SubnetConflict(cidr: Ipv4Net): "InvalidSubnet.Conflict", "EC2-SUB-CONFLICT",
//!     "The CIDR '{cidr}' conflicts with another subnet";
//! ```
//!
//! In place of the id of a rule there can be the name of the fact that holds it. The word `assumed` before the text says that AWS's own text could not be found. Those texts, and only those, can
//! be replaced by whoever runs the server (`serve --texts`), under the name `Enum.Variant`.

use super::Refused;
use crate::model::Texts;
use crate::rules::Basis;

/// A line of a table of refusals, as far as it is the same for all facts.
#[derive(Debug, PartialEq)]
pub struct Line {
    /// As in `Ec2Error.SubnetConflict`: what the text is called.
    pub name: &'static str,
    pub code: &'static str,
    pub rule: Option<&'static str>,
    /// `{fact}` stands for a fact.
    pub text: &'static str,
    pub assumed: bool,
}

/// The facts that fill an assumed text, by name.
pub type Assumed = Box<[(&'static str, String)]>;

/// Something that a service refuses with.
pub trait Refusal: std::fmt::Display {
    /// The line of the table that this refusal is.
    fn line(&self) -> &'static Line;
    /// HTTP status.
    fn status(&self) -> u16;
    /// The rule behind it: that of the line, or the one that this refusal has among its facts.
    fn rule(&self) -> Option<&'static str>;
    /// The facts by name.
    fn facts(&self) -> Vec<(&'static str, String)>;

    /// What goes out.
    fn refused(&self) -> Refused {
        let line = self.line();
        Refused {
            code: line.code.into(),
            message: self.to_string(),
            status: self.status(),
            because: self.rule(),
            line: Some(line.name),
            assumed: line.assumed.then(|| self.facts().into()),
            members: Box::default(),
        }
    }
}

impl Refused {
    /// The message as it goes out: in the words of whoever runs the server, where AWS's are not known.
    pub fn told(&self, texts: &Texts) -> String {
        let text = self.reworded(texts).unwrap_or_else(|| self.message.clone());
        self.line.map_or(text.clone(), |line| texts.told(line, text))
    }

    fn reworded(&self, texts: &Texts) -> Option<String> {
        let (name, facts) = (self.line?, self.assumed.as_ref()?);
        let fill = |text: String, (name, fact): &(&str, String)| text.replace(&format!("{{{name}}}"), fact);
        texts.get(name).map(|template| facts.iter().fold(template.to_owned(), fill))
    }
}

/// Every line of every service's table.
pub fn all() -> impl Iterator<Item = &'static Line> {
    let tables = [
        super::ec2::error::Ec2Error::lines(),
        super::sagemaker::error::SageMakerError::lines(),
        super::iam::error::IamError::lines(),
        super::sts::error::StsError::lines(),
        super::ssm::error::SsmError::lines(),
        super::logs::error::LogsError::lines(),
        super::runtime::error::RuntimeError::lines(),
        super::s3::S3Error::lines(),
    ];
    tables.into_iter().flatten()
}

/// What the text of this name rests on; `None` if there is no such text.
pub fn basis(name: &str) -> Option<Basis> {
    let line = all().find(|line| line.name == name)?;
    Some(if line.assumed { Basis::Assumed } else { Basis::Observed })
}

/// Makes an error enum from a table; see the module.
macro_rules! refusals {
    (
        $(#[$meta:meta])*
        $vis:vis enum $Enum:ident as $prefix:literal {
            $(
                $(#[$doc:meta])*
                $Variant:ident
                    $( ( $( $fact:ident : $Fact:ty ),+ $(,)? ) )?
                    $( { $( $field:ident : $Field:ty ),+ $(,)? } )?
                    = $code:literal $($status:literal)? $(for $rule:tt)?, $known:ident $text:literal;
            )*
        }
        $( with { $( $(#[$topic_doc:meta])* $Topic:ident ( $Inner:ty ) ),+ $(,)? } )?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        $vis enum $Enum {
            $( $(#[$doc])* $Variant $( ( $( $Fact ),+ ) )? $( { $( $field: $Field ),+ } )?, )*
            $( $( $(#[$topic_doc])* $Topic($Inner), )+ )?
        }

        impl $Enum {
            /// Every line of the table, and of those within it.
            pub fn lines() -> Vec<&'static $crate::services::refusal::Line> {
                #[allow(unused_mut, reason = "not every table has others within it")]
                let mut lines = vec![
                    $( &const { $crate::services::refusal::refusals!(@line $prefix, $Variant, $code, [$($rule)?], $known $text) } ),*
                ];
                $( $( lines.extend(<$Inner>::lines()); )+ )?
                lines
            }
        }

        impl std::fmt::Display for $Enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $( $Enum::$Variant $( ( $( $fact ),+ ) )? $( { $( $field ),+ } )? => {
                        $( $( let _ = $fact; )+ )?
                        $( $( let _ = $field; )+ )?
                        write!(f, $text)
                    } )*
                    $( $( $Enum::$Topic(inner) => std::fmt::Display::fmt(inner, f), )+ )?
                }
            }
        }

        impl $crate::services::refusal::Refusal for $Enum {
            fn line(&self) -> &'static $crate::services::refusal::Line {
                match self {
                    $( $Enum::$Variant { .. } => {
                        const { &$crate::services::refusal::refusals!(@line $prefix, $Variant, $code, [$($rule)?], $known $text) }
                    } )*
                    $( $( $Enum::$Topic(inner) => inner.line(), )+ )?
                }
            }

            fn status(&self) -> u16 {
                match self {
                    $( $Enum::$Variant { .. } => $crate::services::refusal::refusals!(@status $($status)?), )*
                    $( $( $Enum::$Topic(inner) => inner.status(), )+ )?
                }
            }

            fn rule(&self) -> Option<&'static str> {
                match self {
                    $( $Enum::$Variant $( ( $( $fact ),+ ) )? $( { $( $field ),+ } )? => {
                        $( $( let _ = $fact; )+ )?
                        $( $( let _ = $field; )+ )?
                        $crate::services::refusal::refusals!(@rule_of $($rule)?)
                    } )*
                    $( $( $Enum::$Topic(inner) => inner.rule(), )+ )?
                }
            }

            fn facts(&self) -> Vec<(&'static str, String)> {
                match self {
                    $( $Enum::$Variant $( ( $( $fact ),+ ) )? $( { $( $field ),+ } )? => vec![
                        $( $( (stringify!($fact), $fact.to_string()), )+ )?
                        $( $( (stringify!($field), $field.to_string()), )+ )?
                    ], )*
                    $( $( $Enum::$Topic(inner) => inner.facts(), )+ )?
                }
            }
        }

        impl From<$Enum> for $crate::services::Refused {
            fn from(error: $Enum) -> Self {
                $crate::services::refusal::Refusal::refused(&error)
            }
        }

        $( $(
            impl From<$Inner> for $Enum {
                fn from(inner: $Inner) -> Self {
                    $Enum::$Topic(inner)
                }
            }
        )+ )?
    };
    (@line $prefix:literal, $Variant:ident, $code:literal, [$($rule:tt)?], $known:ident $text:literal) => {
        $crate::services::refusal::Line {
            name: concat!($prefix, "-", stringify!($Variant)),
            code: $code,
            rule: $crate::services::refusal::refusals!(@rule $($rule)?),
            text: $text,
            assumed: $crate::services::refusal::refusals!(@$known),
        }
    };
    (@status) => { 400 };
    (@status $status:literal) => { $status };
    (@rule) => { None };
    (@rule $rule:literal) => { Some($rule) };
    (@rule $rule:ident) => { None };
    (@rule_of) => { None };
    (@rule_of $rule:literal) => { Some($rule) };
    (@rule_of $rule:ident) => { Some(*$rule) };
    (@text) => { false };
    (@assumed) => { true };
}
pub(crate) use refusals;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::texts;
    use crate::services::ec2::error::{Ec2Error, Missing};

    #[test]
    fn only_texts_that_are_not_known_to_be_awss_can_be_replaced() {
        let texts = texts::parse("ec2-BadToken = \"no such page: {token}\"", basis).unwrap();
        let refused = Refused::from(Ec2Error::BadToken("x".into()));
        assert_eq!(refused.message, "The token 'x' is invalid");
        assert_eq!(refused.reworded(&texts).as_deref(), Some("no such page: x"));
        assert_eq!(refused.reworded(&Texts::default()), None);
        assert!(texts::parse("ec2-VpcNotFound = \"x\"", basis).unwrap_err().contains("observed"));
        assert!(texts::parse("ec2-NoSuchLine = \"x\"", basis).is_err());
    }

    #[test]
    fn a_line_says_all_there_is_to_say() {
        let error = Ec2Error::VpcNotFound(Missing(vec!["vpc-1".into(), "vpc-2".into()]));
        let line = error.line();
        assert_eq!((line.name, line.rule, line.assumed), ("ec2-VpcNotFound", Some("EC2-VPC-404"), false));
        assert_eq!(error.to_string(), "The vpc IDs 'vpc-1, vpc-2' do not exist");
        assert_eq!(error.facts(), [("missing", "s 'vpc-1, vpc-2' do".to_owned())]);
        assert_eq!(Refused::from(Ec2Error::NotBuilt("x")).status, 501);
    }
}
