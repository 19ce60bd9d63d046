//! The benchmark's own parts: a load on the bare server gives a sample, and the answer is the recording.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use client_tests::load::{self, Bounds};
use client_tests::wire::{self, Connection};
use client_tests::{Result, process};

struct Bare(Child);

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_load_on_the_bare_server_is_measured() -> Result<()> {
    let directory = std::env::temp_dir().join(format!("mockplane-harness-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let body = vec![b'x'; 300_000];
    std::fs::write(
        directory.join("0.json"),
        r#"[["content-type","text/xml"],["date","Mon, 05 Jan 2026 09:00:00 GMT"]]"#,
    )?;
    std::fs::write(directory.join("0.body"), &body)?;
    let mut bare =
        Bare(Command::new(env!("CARGO_BIN_EXE_bare")).arg(&directory).stdout(Stdio::piped()).spawn()?);
    let mut port = String::new();
    BufReader::new(bare.0.stdout.take().ok_or("no stdout")?).read_line(&mut port)?;
    let address = SocketAddr::from(([127, 0, 0, 1], port.trim().parse()?));

    let request = wire::mark(&wire::ec2("100000000001", "DescribeSubnets", ""), 0);
    let mut connection = Connection::open(address).await?;
    for _ in 0..2 {
        let reply = connection.call(&request).await?;
        assert_eq!((reply.status, reply.body), (200, &body[..]));
        let head = std::str::from_utf8(reply.head)?.to_ascii_lowercase();
        assert_eq!(head.matches("date:").count(), 1, "{head}");
    }
    assert_eq!(connection.call(&wire::get("/")).await?.status, 404);

    let bounds = Bounds { requests: 50, time: Duration::from_secs(10) };
    for connections in [1, 4] {
        let sample = load::run(address, bare.0.id(), connections, &request, bounds).await?;
        assert!(
            sample.per_second > 0.0 && sample.p50_us > 0.0 && sample.p50_us <= sample.p99_us,
            "{sample:?}"
        );
    }
    assert!(process::resident(bare.0.id())? > 0.1);
    std::fs::remove_dir_all(&directory)?;
    Ok(())
}
