//! Every refusal there is, reached through an operation, with the code and the text that callers see.

#[test]
fn placeholder() {}
