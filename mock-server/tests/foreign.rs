//! Scenarios against targets that take calls alone: a Mockplane that hides what it is, and wants right signatures.

#![expect(clippy::unwrap_used, reason = "these are tests")]

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use mockplane::kernel::AccountId;
use mockplane::model::Profile;
use mockplane::scenario::plane::{Credentials, Plane};
use mockplane::scenario::report::{Silent, Text};
use mockplane::scenario::run::{Outcome, Status};
use mockplane::scenario::target::{Http, Target};
use mockplane::scenario::{Options, file, run_path};
use mockplane::server::Server;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;

const SECRET: &str = "the secret of every root";

/// Passes on what it gets, but for the control API, which it does not have.
async fn forward_to(endpoint: String) -> String {
    let behind = Arc::new(Http::new(&endpoint).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let behind = behind.clone();
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                let behind = behind.clone();
                async move { Ok::<_, Infallible>(passed_on(&behind, request).await) }
            });
            let connection =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    });
    address
}

async fn passed_on(behind: &Http, request: Request<hyper::body::Incoming>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    if parts.uri.path().starts_with("/_mockplane") {
        let mut none = Response::new(Full::default());
        *none.status_mut() = StatusCode::NOT_FOUND;
        return none;
    }
    let body = body.collect().await.unwrap().to_bytes();
    let mut answer = behind.send(Request::from_parts(parts, body)).await.unwrap();
    // What only Mockplane says.
    let ours: Vec<_> =
        answer.headers().keys().filter(|name| name.as_str().starts_with("x-mockplane")).cloned().collect();
    ours.iter().for_each(|name| drop(answer.headers_mut().remove(name)));
    answer.map(Full::new)
}

async fn foreign(endpoint: &str, account: &str) -> Http {
    let credentials = Credentials {
        access_key_id: account.to_owned(),
        secret_access_key: SECRET.to_owned(),
        session_token: None,
    };
    Http::find(endpoint, "unused", || Ok(credentials)).await.unwrap()
}

/// Every scenario and every row of those with a matrix: its file, its name, and whether nothing is to take time in it.
fn all_scenarios() -> Vec<(PathBuf, String, bool)> {
    fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("fixtures") {
                walk(&path, into);
            } else if path.extension().is_some_and(|ending| ending == "yaml") {
                into.push(path);
            }
        }
    }
    let mut files = Vec::new();
    walk(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios")), &mut files);
    files.sort();
    let names = |path: PathBuf| {
        let scenario = file::parse(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let is_instant = scenario.settings.profile == Some(file::Profile::Instant);
        let names: Vec<_> = match &scenario.matrix {
            None => vec![scenario.name()],
            Some(rows) => {
                rows.entries().iter().map(|(row, _)| format!("{}[{}]", scenario.name(), row.text)).collect()
            }
        };
        names.into_iter().map(move |name| (path.clone(), name, is_instant))
    };
    files.into_iter().flat_map(names).collect()
}

/// Scenarios that ask for calls alone and rely on more, and on what.
const EXPLAINED: &[(&str, &str)] = &[
    ("captured-calls", "expects the date of its own beginning in a name"),
    ("interfaces-outlive-their-endpoint", "takes time on by looking, as a `poll` clock does"),
    ("roles-and-sessions", "expects credentials to end a quarter of an hour after its own beginning"),
    ("texts-logs-general-2", "writes events of its own day, which is long past"),
    ("texts-logs-sizes", "writes events of its own day, which is long past"),
    (
        "texts-s3-digest",
        "states a digest that it does not sign, which is found out first where signatures count",
    ),
    ("texts-sts-general", "expects the time of its own beginning in a message"),
];

/// Every scenario in an account of its own, by itself, with real signatures and in real time.
#[tokio::test]
async fn scenarios_that_need_calls_alone_run_anywhere() {
    let builder = || Server::builder().verify_signatures(SECRET);
    let usual = builder().start().await.unwrap();
    let instant = builder().profile(Profile::Instant).start().await.unwrap();
    let (usual, instant) = (forward_to(usual.endpoint()).await, forward_to(instant.endpoint()).await);
    let run = |(number, (path, name, is_instant)): (usize, (PathBuf, String, bool))| {
        let endpoint = if is_instant { &instant } else { &usual };
        async move {
            let account = format!("2{number:011}");
            let target = foreign(endpoint, &account).await;
            assert_eq!(target.plane().account(), AccountId::parse(&account));
            let options = Options { only: vec![name], ..Options::default() };
            let summary = run_path(&target, &path, &options, &mut Silent).await;
            let [outcome] = <[_; 1]>::try_from(summary.outcomes).unwrap();
            outcome
        }
    };
    let all: Vec<Outcome> =
        stream::iter(all_scenarios().into_iter().enumerate()).map(run).buffered(32).collect().await;
    let explained: BTreeMap<_, _> = EXPLAINED.iter().copied().collect();
    let mut failed = Vec::new();
    for outcome in all.iter().filter(|one| one.failed()) {
        let problems: Vec<_> =
            outcome.steps.iter().flat_map(|step| &step.problems).map(ToString::to_string).collect();
        failed.push((outcome.name.as_str(), outcome.broken.clone(), problems));
    }
    let unexplained: Vec<_> = failed.iter().filter(|(name, ..)| !explained.contains_key(name)).collect();
    assert!(unexplained.is_empty(), "these need more than calls: {unexplained:#?}");
    for (name, why) in explained {
        assert!(failed.iter().any(|(failed, ..)| *failed == name), "{name} passes, though it {why}");
    }
    let count = |status: Status| all.iter().filter(|one| one.status() == status).count();
    assert!(count(Status::Passed) > 100 && count(Status::Skipped) > 100, "{}", count(Status::Passed));
    assert!(all.iter().all(|one| one.status() != Status::Skipped || one.transcript.0.is_empty()));
}

/// What a step states as the cause is left out, and that is told; the rest of what it expects counts.
#[tokio::test]
async fn causes_are_not_judged() {
    let server = Server::builder().verify_signatures(SECRET).start().await.unwrap();
    let endpoint = forward_to(server.endpoint()).await;
    let folder = std::env::temp_dir().join(format!("mockplane-foreign-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let head = "apiVersion: mockplane/v1\nkind: Scenario\nmetadata:";
    let step = |code: &str| {
        format!(
            "steps: [{{call: ec2.DeleteVpc, with: {{VpcId: vpc-0123456789abcdef0}}, \
             expect: {{error: {{code: {code}}}, blockedBy: {{rule: SM-VPC-IP-01}}}}}}]\n"
        )
    };
    std::fs::write(folder.join("a.yaml"), format!("{head} {{name: a}}\n{}", step("InvalidVpcID.NotFound")))
        .unwrap();
    std::fs::write(folder.join("b.yaml"), format!("{head} {{name: b}}\n{}", step("AnotherCode"))).unwrap();
    let target = foreign(&endpoint, "111122223333").await;
    let mut told = Vec::new();
    let summary = run_path(&target, &folder, &Options::default(), &mut Text::new(&mut told)).await;
    std::fs::remove_dir_all(&folder).unwrap();
    let told = String::from_utf8(told).unwrap();
    assert_eq!(summary.exit_code(), 4, "{told}");
    assert!(told.contains("[1/2] a: ok, 1 step\n") && told.contains("[2/2] b: FAILED\n"), "{told}");
    assert!(told.ends_with("2 scenarios: 1 passed, 1 failed\n2 steps: the cause was not judged: the target does not tell it\n"), "{told}");
}

/// Whose calls they are is asked of the target, and told if it is nobody.
#[tokio::test]
async fn credentials_are_asked_for_only_where_they_count() {
    let server = Server::builder().verify_signatures(SECRET).start().await.unwrap();
    let none = || Err("AWS_ACCESS_KEY_ID is not set".to_owned());
    let found = Http::find(&server.endpoint(), SECRET, none).await.unwrap();
    assert!(matches!(found.plane(), Plane::Mockplane { .. }));
    let endpoint = forward_to(server.endpoint()).await;
    let missing = Http::find(&endpoint, SECRET, none).await.err().unwrap().to_string();
    assert_eq!(missing, format!("{endpoint}: AWS_ACCESS_KEY_ID is not set"));
    let wrong = Credentials {
        access_key_id: "111122223333".into(),
        secret_access_key: "wrong".into(),
        session_token: None,
    };
    let refused = Http::find(&endpoint, SECRET, || Ok(wrong)).await.err().unwrap().to_string();
    assert!(refused.starts_with("sts.GetCallerIdentity: SignatureDoesNotMatch (403): "), "{refused}");
    let missing = Http::find("aws", SECRET, none).await.err().unwrap().to_string();
    assert_eq!(missing, "aws: AWS_ACCESS_KEY_ID is not set", "and nothing was sent there");
    let nobody = Http::find("http://127.0.0.1:1", SECRET, none).await.err().unwrap().to_string();
    assert!(nobody.starts_with("http://127.0.0.1:1: "), "{nobody}");
}

/// A Mockplane that verifies signatures: roots sign with its secret, others with theirs, each at the account's time.
#[tokio::test]
async fn a_mockplane_that_verifies_signatures_is_no_foreigner() {
    let server = Server::builder().verify_signatures(SECRET).start().await.unwrap();
    let target = Http::find(&server.endpoint(), SECRET, || Err("not asked for".into())).await.unwrap();
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios"));
    for file in
        ["roles-and-sessions.yaml", "buckets-and-objects.yaml", "lessons/09-role-without-eni-rights.yaml"]
    {
        let mut told = Vec::new();
        let summary =
            run_path(&target, &folder.join(file), &Options::default(), &mut Text::new(&mut told)).await;
        assert_eq!(summary.exit_code(), 0, "{}", String::from_utf8_lossy(&told));
    }
    let wrong = Http::new(&server.endpoint()).unwrap();
    let summary =
        run_path(&wrong, &folder.join("buckets-and-objects.yaml"), &Options::default(), &mut Silent).await;
    assert!(summary.outcomes[0].failed(), "another secret is the wrong one");
}
