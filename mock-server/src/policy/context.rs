//! Condition keys of a request.

/// What a request says about itself: condition keys and their values.
///
/// Names compare without regard to case (IAM user guide, "IAM JSON policy elements: Condition"), tag keys in them
/// included. A key is absent, has one value or has many; a key without values is the same as an absent one.
#[derive(Clone, Default, Debug)]
pub struct Context(Vec<(Box<str>, Vec<String>)>);

impl Context {
    pub fn new() -> Context {
        Context::default()
    }

    /// The key has this one value and no other.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.set_many(key, vec![value.into()]);
    }

    /// The key has these values. An empty list makes it absent.
    pub fn set_many(&mut self, key: &str, values: Vec<String>) {
        self.0.retain(|(name, _)| !name.eq_ignore_ascii_case(key));
        if !values.is_empty() {
            self.0.push((key.into(), values));
        }
    }

    /// The values of a key: at least one, or `None` where the key is absent.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, values)| values.as_slice())
    }
}
