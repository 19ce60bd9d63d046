//! What works, and could be better.

use super::super::file::Scenario;
use super::super::problem::{Place, Problem};
use super::super::tree::Node;

/// Every warning about a scenario, in the order of the file.
pub fn warnings(scenario: &Scenario) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut look = |place: Place, text: &str| {
        if let Some(account) = account_in(text) {
            let message = format!("`{account}` is one account: `${{account}}` is that of every run");
            found.push(Problem::new(place, message));
        }
    };
    let steps = scenario.steps.value.iter().map(|step| &step.value);
    let expected = |step: &super::Step| step.expect.as_ref().and_then(|expect| expect.response.clone());
    let nodes = steps.flat_map(|step| [step.with.clone(), expected(step)]).flatten();
    let given = scenario.fixtures.iter().filter_map(|wanted| wanted.value.with.clone());
    let row = scenario.row.as_ref().map(|row| row.values.clone());
    for node in scenario.vars.clone().into_iter().chain(given).chain(row).chain(nodes) {
        Node::texts(&node, &mut look);
    }
    found.sort_by_key(|problem| problem.place);
    found
}

/// The number of an account that stands in an ARN or alone. Registries of images belong to accounts of AWS's too.
fn account_in(text: &str) -> Option<&str> {
    let is_account = |part: &&str| part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit());
    let alone = Some(text).filter(is_account);
    alone.or_else(|| {
        let arn = &text[text.find("arn:aws")?..];
        arn.split(':').nth(4).filter(is_account)
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::file::parse;
    use super::*;

    #[test]
    fn an_account_of_ones_own_is_told() {
        let text = r#"
apiVersion: mockplane/v1
kind: Scenario
metadata: {name: x}
vars: {owner: "111122223333", image: 763104351884.dkr.ecr.us-east-1.amazonaws.com/x:1}
steps:
- call: iam.GetRole
  with: {RoleName: "arn:aws:iam::${account}:role/x"}
  expect: {response: {Role.Arn: "arn:aws:iam::444455556666:role/x", "Role.Path": "/", x: "arn:aws:iam::aws:policy/y"}}
"#;
        let told: Vec<_> = warnings(&parse(text).unwrap()).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "5:15: `111122223333` is one account: `${account}` is that of every run",
                "9:33: `444455556666` is one account: `${account}` is that of every run",
            ]
        );
    }
}
