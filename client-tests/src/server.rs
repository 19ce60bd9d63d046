//! Starts the `mockplane` binary on a free port and stops it again.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use crate::{Result, wall};

/// The binary under test: `MOCKPLANE_BIN`, or what cargo builds in the profile this code was built in.
pub fn binary() -> Result<&'static Path> {
    static BINARY: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
    match BINARY.get_or_init(|| locate().map_err(|e| e.to_string())) {
        Ok(path) => Ok(path),
        Err(e) => Err(e.clone().into()),
    }
}

fn locate() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("MOCKPLANE_BIN") {
        return Ok(path.into());
    }
    // Another package's binary has no CARGO_BIN_EXE_ variable here; cargo itself knows where it is, and that
    // it is up to date. Tests ask for just what `cargo test --workspace` has built already: a build of
    // mock-server alone has other features in its dependencies and would compile it a second time.
    let arguments: &[&str] = if cfg!(debug_assertions) {
        &["test", "--workspace", "--no-run"]
    } else {
        &["build", "--release", "-p", "mock-server", "--bin", "mockplane"]
    };
    let mut build = Command::new(option_env!("CARGO").unwrap_or("cargo"));
    build.args(arguments).args(["--quiet", "--message-format=json"]);
    let output = build.current_dir(env!("CARGO_MANIFEST_DIR")).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err("cargo could not build mockplane".into());
    }
    String::from_utf8(output.stdout)?
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "mockplane" && message["profile"]["test"] == false)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| "cargo named no executable".into())
}

/// A running server. Dropping it ends the process.
pub struct Server {
    child: Child,
    directory: PathBuf,
    pub address: SocketAddr,
    pub endpoint: String,
}

impl Server {
    /// `mockplane serve --port 0` with further arguments and environment, once it says that it is ready.
    pub fn start(args: &[&str], env: &[(&str, &str)]) -> Result<Server> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let directory = std::env::temp_dir().join(format!(
            "mockplane-test-{}-{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        ));
        std::fs::create_dir_all(&directory)?;
        let endpoints = directory.join("endpoints.json");
        let child = command(env)?
            .args(["serve", "--port", "0", "--endpoints-file"])
            .arg(&endpoints)
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Server {
            child,
            directory,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            endpoint: String::new(),
        };
        server.wait_until_ready()?;
        let written: serde_json::Value = serde_json::from_slice(&std::fs::read(&endpoints)?)?;
        server.endpoint = written["endpoint"].as_str().ok_or("endpoints file has no endpoint")?.to_string();
        server.address = server.endpoint.trim_start_matches("http://").trim_end_matches('/').parse()?;
        Ok(server)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let stdout = self.child.stdout.take().ok_or("no stdout")?;
        let (ready, line) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(|line| line.ok()) {
                // Nobody listens after `Ready.`; reading on keeps the pipe from filling up.
                let _ = ready.send(line);
            }
        });
        loop {
            match line.recv_timeout(Duration::from_secs(30)) {
                Ok(line) if line == "Ready." => return Ok(()),
                Ok(_) => {}
                Err(e) => return Err(format!("the server did not say `Ready.`: {e}").into()),
            }
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// The binary as a command that inherits no `MOCKPLANE_*` or `AWS_*` setting.
pub fn command(env: &[(&str, &str)]) -> Result<Command> {
    let mut command = Command::new(binary()?);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("MOCKPLANE_") || text.starts_with("AWS_") {
            command.env_remove(&name);
        }
    }
    command.envs(env.iter().copied()).stdin(Stdio::null());
    Ok(command)
}

/// A port that was free a moment ago, for the cases where the caller must know it before the server runs.
pub fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Time from `exec` to the first 200 that answers `request`.
pub fn cold_start(request: &[u8], port: u16) -> Result<Duration> {
    use std::io::{Read, Write};
    let begin = wall::now();
    let mut child = command(&[])?
        .args(["serve", "--port", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let answered = loop {
        if begin.elapsed() > Duration::from_secs(20) {
            break None;
        }
        let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", port)) else {
            wall::pause(Duration::from_micros(100));
            continue;
        };
        let mut status = [0; 12];
        if stream.write_all(request).is_ok()
            && stream.read_exact(&mut status).is_ok()
            && status.ends_with(b" 200")
        {
            break Some(begin.elapsed());
        }
    };
    child.kill()?;
    child.wait()?;
    answered.ok_or_else(|| "no 200 within 20 s".into())
}
