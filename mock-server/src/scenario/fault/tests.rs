use super::*;
use std::time::Duration;

const NOW: SimTime = SimTime::from_millis(1_767_603_600_000);

fn one(text: &str) -> Declared {
    parse(&format!("faults: [{text}]")).unwrap_or_else(|problems| panic!("{text}: {problems:?}")).remove(0)
}

#[test]
fn a_fault_is_told_as_it_was_declared() {
    for text in [
        "{id: a, match: {service: ec2, operation: 'Describe*', resource: 'vpc-*', principal: '*', region: 'us-*', \
         where: 'Filters[0]'}, skip: 1, times: 2, probability: 0.5, \
         effect: {delay: 150ms, jitter: 50ms, error: {code: Throttling, message: m, status: 503}}}",
        "{id: a, match: {service: s3}, effect: {drop: request}}",
        "{id: a, match: {service: s3, operation: PutObject, where: 'ContentType'}, effect: {drop: request}}",
        "{id: a, effect: {error: {code: '${vars.code}'}}}",
        "{id: a, effect: {drop: answer}}",
        "{id: a, effect: {truncate: 100}}",
        "{id: a, effect: {throttle: aws}}",
        "{id: a, effect: {throttle: {burst: 3, perSecond: 0.5}}}",
        "{id: a, effect: {expiredCredentials: true}}",
        "{id: a, effect: {delay: 2s}}",
        "{id: a, match: {resource: 'nat-*'}, effect: {outage: true}}",
        "{id: a, match: {resource: training-job/demo}, effect: {keepInterfaces: forever}}",
        "{id: a, match: {resource: '*'}, effect: {keepInterfaces: 15m}}",
        "{id: a, window: {from: '2026-01-05T09:00:00.000Z', until: '2026-01-05T10:00:00.000Z'}, effect: {delay: 1s}}",
    ] {
        let declared = one(text);
        let fault = declared.fault(Some(NOW)).unwrap();
        assert_eq!(Declared::from(&fault).to_value(), declared.to_value(), "{text}");
    }
}

#[test]
fn spans_count_from_the_declaration() {
    let window = |text: &str| {
        one(&format!("{{window: {text}, effect: {{delay: 1s}}}}")).fault(Some(NOW)).unwrap().window
    };
    let at = |minutes: u64| Some(NOW + Duration::from_secs(60 * minutes));
    for (text, from, until) in [
        ("{from: 5m}", at(5), None),
        ("{for: 10m}", None, at(10)),
        ("{from: 5m, for: 10m}", at(5), at(15)),
        ("{from: 5m, until: 10m}", at(5), at(10)),
        ("{from: '2026-01-05T09:05:00Z', for: 1m}", at(5), at(6)),
    ] {
        assert_eq!(window(text), Window { from, until }, "{text}");
    }
    // Whether a moment comes before what is counted from the declaration on is known when that is made.
    for text in [
        "{from: '2028-01-01T00:00:00Z', until: 3m}",
        "{from: 10m, until: '2026-01-05T09:05:00Z'}",
        "{until: '2026-01-05T09:00:00Z'}",
    ] {
        let declared = one(&format!("{{window: {text}, effect: {{delay: 1s}}}}"));
        assert_eq!(declared.fault(Some(NOW)).unwrap_err(), "the window ends before it begins", "{text}");
    }
    let text = "faults: [{window: {for: 10m}, effect: {delay: 1s}}]";
    let problems = parse_defaults(text).unwrap_err();
    assert!(problems[0].message.contains("no moment to count from"), "{problems:?}");
    assert_eq!(parse_defaults("faults: [{effect: {delay: 1s}}]").unwrap().iter().len(), 1);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (fault, part) in [
        ("{efect: {delay: 1s}}", "unknown key `efect`; did you mean `effect`?"),
        ("{match: {services: ec2}, effect: {delay: 1s}}", "unknown key `services`; did you mean `service`?"),
        ("{effect: {eror: {code: A}}}", "unknown key `eror`; did you mean `error`?"),
        ("{effect: {error: {codee: A}}}", "unknown key `codee`; did you mean `code`?"),
        ("{effect: {error: {message: A}}}", "`code` is missing"),
        ("{id: a}", "`effect` is missing"),
        ("{effect: {}}", "`effect` is a `delay`, and one of"),
        ("{effect: {drop: both}}", "unknown value `both`; known are answer, request"),
        ("{effect: {drop: request, truncate: 1}}", "a fault is either `drop` or `truncate`"),
        ("{effect: {delay: 1 hour}}", "is no stretch of time"),
        ("{effect: {delay: 1h}}", "an answer is delayed by 10m at most"),
        ("{effect: {throttle: fast}}", "`throttle` is `aws`, or has `burst` and `perSecond`"),
        ("{effect: {throttle: {burst: 0, perSecond: 1}}}", "`burst` is 1 or more"),
        ("{effect: {throttle: {burst: 1, perSecond: 0}}}", "`perSecond` from 0.001"),
        ("{match: {service: iam}, effect: {throttle: aws}}", "AWS documents rates of ec2 alone"),
        ("{match: {service: ec3}, effect: {delay: 1s}}", "no service is named `ec3`; did you mean `ec2`?"),
        (
            "{match: {service: ec2, operation: DescribeVpc}, effect: {delay: 1s}}",
            "ec2 has no operation `DescribeVpc`; did you mean `DescribeVpcs`?",
        ),
        ("{match: {operation: 'Fly*'}, effect: {delay: 1s}}", "no service has an operation `Fly*`"),
        ("{match: {where: 'a['}, effect: {delay: 1s}}", "JMESPath `a[`"),
        ("{match: {region: ''}, effect: {delay: 1s}}", "1:27: an empty text matches nothing"),
        (
            "{match: {service: ec2, operation: CreateSubnet, where: VpcID}, effect: {delay: 1s}}",
            "1:65: `VpcID`: there is no member `VpcID`; did you mean `VpcId`?",
        ),
        (
            "{match: {service: s3, operation: PutObject, where: \"Body == 'a'\"}, effect: {delay: 1s}}",
            "there is no member `Body`",
        ),
        ("{effect: {error: {code: A, status: 200}}}", "1:45: the `status`"),
        ("{id: 'a b', effect: {delay: 1s}}", "`a b` is no id"),
        ("{effect: {error: {code: ''}}}", "is no code of an error"),
        ("{effect: {error: {code: A, status: 200}}}", "from 400 to 599"),
        ("{times: 0, effect: {delay: 1s}}", "no `times`"),
        ("{probability: 0, effect: {delay: 1s}}", "`probability` is above 0"),
        ("{probability: 1.5, effect: {delay: 1s}}", "`probability` is above 0"),
        ("{window: {}, effect: {delay: 1s}}", "`window` has `from`, `until` or `for`"),
        ("{window: {until: 1m, for: 1m}, effect: {delay: 1s}}", "ends `until` a moment, or lasts"),
        ("{window: {from: 2m, until: 1m}, effect: {delay: 1s}}", "ends before it begins"),
        ("{window: {from: 2m, for: 0s}, effect: {delay: 1s}}", "ends before it begins"),
        ("{window: {until: 0s}, effect: {delay: 1s}}", "ends before it begins"),
        ("{window: {from: soon}, effect: {delay: 1s}}", "`soon` is no moment"),
        ("{effect: {outage: true}}", "`outage` needs a `resource`"),
        ("{match: {resource: a, service: ec2}, effect: {outage: true}}", "`service` has no meaning for it"),
        ("{match: {resource: a}, times: 1, effect: {keepInterfaces: 1m}}", "`times` has no meaning for it"),
        ("{match: {resource: a}, effect: {keepInterfaces: long}}", "`long` is no stretch of time"),
    ] {
        let problems = parse(&format!("faults: [{fault}]")).expect_err(fault);
        let told = problems[0].to_string();
        assert!(told.contains(part) && told.starts_with("1:"), "{fault}: {told}");
    }
    let twice =
        parse("faults:\n- {id: a, effect: {delay: 1s}}\n- {id: a, effect: {delay: 1s}}\n").unwrap_err();
    assert_eq!(twice[0].to_string(), "3:8: another fault has the id `a`");
}
