//! Flags, and what they start.

use super::*;

/// What `mockplane serve` with these flags is started with.
fn config(flags: &[&str]) -> String {
    let Ok(Cli { command: Command::Serve(args) }) =
        Cli::try_parse_from([&["mockplane", "serve"], flags].concat())
    else {
        panic!("{flags:?} serve nothing");
    };
    format!("{:?}", builder(&args).config().unwrap())
}

fn built(builder: Builder) -> String {
    format!("{:?}", builder.config().unwrap())
}

/// The flags' defaults, except for the port and a number that is a default elsewhere.
fn usual() -> Builder {
    Server::builder().port(DEFAULT_PORT).s3_max_bytes(256 << 20)
}

#[test]
fn flags_and_the_builder_begin_alike() {
    assert_eq!(config(&[]), built(usual()));
}

#[test]
fn flags_are_methods_of_the_builder() {
    let second = Duration::from_secs(1);
    let manual = ClockMode::Manual;
    let start = Some("2026-01-05T09:00:00Z".parse().unwrap());
    for (flags, builder) in [
        ("--host 0.0.0.0 --port 9", usual().host([0, 0, 0, 0].into()).port(9)),
        ("--account-id 210987654321", usual().account("210987654321")),
        ("--region eu-west-1 --seed 3", usual().region("eu-west-1").seed(3)),
        ("--clock manual:2026-01-05T09:00:00Z", usual().clock(manual, start)),
        ("--profile instant", usual().profile(Profile::Instant)),
        ("--endpoint-linger 1s", usual().endpoint_linger(second)),
        ("--eventual-consistency 1s", usual().eventual_consistency(second)),
        ("--rule SM-VPC-IP-01=off", usual().rule("SM-VPC-IP-01", RuleMode::Off)),
        ("--placement per-instance", usual().placement(Placement::PerInstance)),
        ("--precheck off", usual().precheck(Precheck::Off)),
        ("--not-offered ml.g5=us-east-1a", usual().not_offered("ml.g5", ["us-east-1a"])),
        ("--unconnected-job hang", usual().unconnected_job(Silence::Hang)),
        ("--job-logs service", usual().job_logs(JobLogs::Service)),
        ("--throttle aws", usual().throttle_as_aws()),
        ("--quotas off --quota vpcs=2", usual().quotas(Quotas::UNLIMITED).quota("vpcs", 2)),
        (
            "--capacity ml.m5.large=us-east-1a:2+us-east-1b:0",
            usual().capacity("ml.m5.large", [("us-east-1a", "2"), ("us-east-1b", "0")]),
        ),
        ("--iam audit --data off", usual().iam(IamMode::Audit).data(DataMode::Off)),
        ("--bucket-names global", usual().bucket_names(BucketNames::Global)),
        ("--upstream-s3 http://localhost:4566", usual().upstream_s3("http://localhost:4566")),
        ("--proxy-anywhere", usual().proxy_anywhere()),
        ("--unknown-keys deny", usual().deny_unknown_keys()),
        ("--verify-signatures --root-secret s", usual().verify_signatures("s")),
        ("--s3-max-bytes 1MiB", usual().s3_max_bytes(1 << 20)),
    ] {
        let flags: Vec<_> = flags.split(' ').collect();
        assert_ne!(config(&flags), built(usual()), "{flags:?} change nothing");
        // The client of another S3 prints a state of its own.
        let alone = flags[0] != "--upstream-s3";
        assert!(!alone || config(&flags) == built(builder), "{flags:?}");
    }
}
