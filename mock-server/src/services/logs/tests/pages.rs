//! Pages of any size.

use super::*;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever came in whatever order: pages of any size in either direction give every event once, in order.
    #[test]
    fn no_page_loses_or_repeats_an_event(
        batches in proptest::collection::vec((0usize..3, proptest::collection::vec(-50i64..50, 1..6)), 1..8),
        limit in 1usize..7,
    ) {
        let logs = Logs::with_stream();
        // The lab's clock stands before descending order is there.
        logs.0.advance(200_000_000_000);
        for name in ["t", "u"] {
            logs.write::<CreateLogStream>(stream(name));
        }
        let start = logs.now();
        let mut all: Vec<(i64, usize)> = Vec::new();
        for (which, mut times) in batches {
            times.sort_unstable();
            let times: Vec<i64> = times.iter().map(|at| at + start - logs.now()).collect();
            logs.put(["s", "t", "u"][which], &times);
            all.extend(times.iter().map(|at| (logs.now() + at, which)));
            logs.0.advance(1);
        }
        all.sort_unstable();
        for which in 0..3 {
            let name = ["s", "t", "u"][which];
            let expected: Vec<i64> = all.iter().filter(|(_, of)| *of == which).map(|(at, _)| *at).collect();
            for forward in [true, false] {
                let (mut seen, mut pages): (Vec<i64>, usize) = (Vec::new(), 0);
                let mut token = Value::Null;
                loop {
                    let page = logs.get(name, json!({ "limit": limit, "startFromHead": forward, "nextToken": token }));
                    let mut times: Vec<i64> = page["events"].as_array().unwrap().iter().map(|event| event["timestamp"].as_i64().unwrap()).collect();
                    let next = page[if forward { "nextForwardToken" } else { "nextBackwardToken" }].clone();
                    if next == token {
                        break;
                    }
                    token = next;
                    if forward { seen.extend(times) } else { times.extend(seen); seen = times }
                    pages += 1;
                    prop_assert!(pages < 100);
                }
                prop_assert_eq!(&seen, &expected);
            }
        }
        for descending in [false, true] {
            let (mut seen, mut ids) = (Vec::new(), std::collections::BTreeSet::new());
            let mut token = Value::Null;
            loop {
                let page = logs.filter(json!({
                    "limit": limit, "nextToken": token, "startTime": start - DAY, "startFromHead": !descending,
                }));
                for event in page["events"].as_array().unwrap() {
                    seen.push(event["timestamp"].as_i64().unwrap());
                    prop_assert!(ids.insert(event["eventId"].to_string()));
                }
                token = page["nextToken"].clone();
                if token.is_null() {
                    break;
                }
            }
            if descending {
                seen.reverse();
            }
            prop_assert_eq!(seen, all.iter().map(|(at, _)| *at).collect::<Vec<_>>());
        }
    }
}
