//! The filters of EC2's describing operations are those that its published model documents.

use mockplane::aws::{ServiceId, ServiceModel};
use mockplane::services::ec2;
use std::collections::BTreeSet;

#[test]
fn filters_are_those_of_the_model() {
    let model = ServiceModel::get(ServiceId::Ec2);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (operation, names) in ec2::filters() {
        let documented = model.operation(operation).map(|operation| model.filters(operation));
        let documented: BTreeSet<&str> = documented.into_iter().flatten().copied().collect();
        // `tag` stands for `tag:KEY`, which the model writes `tag:`.
        let served = names.iter().map(|name| if *name == "tag" { "tag:" } else { *name });
        let served: BTreeSet<&str> = served.collect();
        seen += documented.len();
        if served != documented {
            let missing: Vec<_> = documented.difference(&served).collect();
            let surplus: Vec<_> = served.difference(&documented).collect();
            wrong.push(format!("{operation}: missing {missing:?}, surplus {surplus:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 100, "the model documents filters: {seen}");
}
