//! Whether a server answers.

use super::fail;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

/// Asks over a plain socket: the container image holds nothing but this program.
pub fn healthcheck(port: u16) -> ExitCode {
    use std::io::Read;
    use std::net::{Ipv4Addr, TcpStream};
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream
            .write_all(b"GET /_mockplane/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    match ask() {
        Ok(answer) if answer.starts_with("HTTP/1.1 200 ") => ExitCode::SUCCESS,
        Ok(answer) => fail(answer.lines().next().unwrap_or("no answer")),
        Err(error) => fail(error),
    }
}
