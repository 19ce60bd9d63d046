//! Policy documents.

/// What a statement does where it applies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    Allow,
    Deny,
}

/// A policy, ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    statements: Vec<Statement>,
}

#[derive(Clone, Debug)]
pub struct Statement {
    sid: Option<String>,
    effect: Effect,
}

/// Why a text is no policy, and where that shows. Lines and columns count from one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message} at line {line} column {column}")]
pub struct Malformed {
    pub message: String,
    pub line: usize,
    pub column: usize,
}

impl Policy {
    /// Reads a policy.
    pub fn parse(text: &str) -> Result<Policy, Malformed> {
        serde_json::from_str::<serde_json::Value>(text)
            .map(|_| Policy { statements: Vec::new() })
            .map_err(|error| Malformed { message: error.to_string(), line: error.line(), column: error.column() })
    }

    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

impl Statement {
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    pub fn effect(&self) -> Effect {
        self.effect
    }
}
