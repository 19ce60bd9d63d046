//! Snapshots in scenarios: what is told of them before a run, and what a run makes of them.

use mockplane::scenario::report::Text;
use mockplane::scenario::target::InProcess;
use mockplane::scenario::{Options, run_path};
use mockplane::server::Config;

const CASES: &[(&str, u8, &str)] = &[
    ("[{snapshot: {restore: a}}]", 2, "4:30: no snapshot `a` is saved by now"),
    ("[{snapshot: {save: abc}}, {snapshot: {restore: abd}}]", 2, "did you mean `abc`?"),
    (
        "[{snapshot: {save: abc}}, {snapshot: {restore: abd}}]",
        2,
        "4:27: snapshot `abc` is saved, and never restored",
    ),
    ("[{snapshot: {save: a/b}}, {snapshot: {restore: a/b}}]", 2, "4:27: `a/b` is no name of a snapshot"),
    ("[{snapshot: {}}]", 2, "a `snapshot` step is exactly one of `save` and `restore`"),
    ("[{snapshot: {sav: a}}]", 2, "4:21: unknown key `sav`; did you mean `save`?"),
    ("[{snapshot: {save: a}, advance: 1s}]", 2, "a step is exactly one of"),
    (
        "[{snapshot: {save: a}, expect: {ok: true}}, {snapshot: {restore: a}}]",
        2,
        "`snapshot` takes nothing else",
    ),
    (
        "[{snapshot: {save: a}}, {snapshot: {restore: a}}, {snapshot: {save: a}}]",
        2,
        "snapshot `a` is saved, and never restored",
    ),
    (
        "[{snapshot: {save: a}}, {advance: 1h}, {snapshot: {restore: a}}, {snapshot: {restore: a}}]",
        0,
        "1 passed",
    ),
    (
        "[{snapshot: {save: a}}, {fault: {set: {id: f, effect: {delay: 1ms}}}}, {snapshot: {restore: a}}]",
        4,
        "fault `f` never struck",
    ),
    (
        "[{fault: {set: {id: f, effect: {delay: 1ms}}}}, {snapshot: {save: a}}, {call: ec2.DescribeVpcs}, \
         {snapshot: {restore: a}}]",
        0,
        "1 passed",
    ),
];

#[tokio::test]
async fn snapshots_are_checked_and_carried_out() {
    let site = Config::default().site();
    for (number, (steps, code, expected)) in CASES.iter().enumerate() {
        let file =
            std::env::temp_dir().join(format!("mockplane-rewind-{}-{number}.yaml", std::process::id()));
        let head = "apiVersion: mockplane/v1\nkind: Scenario\nmetadata: {name: x}\n";
        std::fs::write(&file, format!("{head}steps: {steps}\n")).unwrap();
        let mut told = Vec::new();
        let summary =
            run_path(&InProcess(&site), &file, &Options::default(), &mut Text::new(&mut told)).await;
        std::fs::remove_file(&file).unwrap();
        let told = String::from_utf8(told).unwrap();
        assert_eq!(summary.exit_code(), *code, "{steps}\n{told}");
        assert!(told.contains(expected), "{steps}\n{told}");
    }
}
