//! Tests of the compiled models.

use super::*;

#[test]
fn whole_operation_lists() {
    let counts = ServiceId::ALL.map(|id| (id.name(), ServiceModel::get(id).operations().len()));
    let published = [
        ("ec2", 830),
        ("sagemaker", 425),
        ("sagemaker-runtime", 3),
        ("iam", 180),
        ("sts", 11),
        ("logs", 118),
        ("ssm", 154),
    ];
    assert_eq!(counts, published);
}

#[test]
fn every_reference_resolves() {
    for id in ServiceId::ALL {
        let model = ServiceModel::get(id);
        for (number, shape) in model.shapes().iter().enumerate() {
            assert_eq!(model.shape_named(shape.name).map(|id| usize::from(id.0)), Some(number));
            for inner in
                model.members(shape).iter().map(|member| member.shape).chain(shape.element).chain(shape.key)
            {
                let _ = model.shape(inner);
            }
            let needs_element = matches!(shape.kind, Kind::List | Kind::Map);
            assert_eq!(needs_element, shape.element.is_some(), "{}", shape.name);
            if let Some(number) = shape.traits.as_ref().and_then(|traits| traits.pattern) {
                assert!(!model.pattern_text(number).is_empty());
            }
            let _ = model.enum_values(shape);
            let _ = model.plan(ShapeId(u16::try_from(number).unwrap()));
        }
        for operation in model.operations() {
            assert!(model.operation(operation.name).is_some_and(|found| std::ptr::eq(found, operation)));
            for shape in [model.input(operation), model.output(operation)].into_iter().flatten() {
                assert_eq!(shape.kind, Kind::Structure, "{}", operation.name);
            }
            assert!(model.errors(operation).count() < 40);
        }
    }
}

#[test]
fn facts_of_an_operation() {
    let model = ServiceModel::get(ServiceId::Ec2);
    let operation = model.operation("DescribeSubnets").unwrap();
    let page = operation.paginator.as_ref().unwrap();
    assert_eq!(
        (&page.results[..], &page.input_tokens[..], page.limit),
        (&["Subnets"][..], &["NextToken"][..], Some("MaxResults"))
    );
    let filters = model.filters(operation);
    assert!(filters.is_sorted() && filters.len() > 20);
    for name in ["vpc-id", "tag:", "tag-key", "availabilityZone", "cidrBlock", "state"] {
        assert!(filters.contains(&name), "{name}");
    }
    assert!(!filters.contains(&"true"));
    let limits = model
        .input(operation)
        .and_then(|shape| model.member(shape, "MaxResults"))
        .map(|member| model.shape(member.shape));
    assert_eq!(limits.map(|shape| (shape.min(), shape.max())), Some((Some(5.0), Some(1000.0))));
    let iam = ServiceModel::get(ServiceId::Iam);
    let errors: Vec<_> =
        iam.errors(iam.operation("GetRole").unwrap()).map(|shape| shape.error_code()).collect();
    assert_eq!(errors, ["NoSuchEntity", "ServiceFailure"]);
    assert!(model.operation("Describe").is_none());
}
