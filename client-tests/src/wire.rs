//! Requests as bytes, and a keep-alive HTTP/1.1 connection that does as little as it can, so that a
//! benchmark measures the server and not its client.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const REGION: &str = "us-east-1";

/// An AWS request as an SDK sends it, for `account`; the signature is not a real one.
fn signed(account: &str, service: &str, headers: &str, body: &str) -> Vec<u8> {
    requested("POST /", account, service, headers, body)
}

/// The same with another method and path.
fn requested(line: &str, account: &str, service: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "{line} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: client-tests\r\nx-amz-date: 20260105T090000Z\r\n\
         authorization: AWS4-HMAC-SHA256 Credential={account}/20260105/{REGION}/{service}/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature={:064}\r\n{headers}content-length: {}\r\n\r\n{body}",
        0,
        body.len(),
    )
    .into_bytes()
}

/// An EC2 call; `parameters` is the form body after the action.
pub fn ec2(account: &str, action: &str, parameters: &str) -> Vec<u8> {
    let body = format!("Action={action}&Version=2016-11-15{parameters}");
    signed(account, "ec2", "content-type: application/x-www-form-urlencoded; charset=utf-8\r\n", &body)
}

/// An IAM call.
pub fn iam(account: &str, action: &str, parameters: &str) -> Vec<u8> {
    let body = format!("Action={action}&Version=2010-05-08{parameters}");
    signed(account, "iam", "content-type: application/x-www-form-urlencoded; charset=utf-8\r\n", &body)
}

/// An STS call.
pub fn sts(account: &str, action: &str, parameters: &str) -> Vec<u8> {
    let body = format!("Action={action}&Version=2011-06-15{parameters}");
    signed(account, "sts", "content-type: application/x-www-form-urlencoded; charset=utf-8\r\n", &body)
}

/// A SageMaker call.
pub fn sagemaker(account: &str, operation: &str, body: &serde_json::Value) -> Vec<u8> {
    let headers =
        format!("content-type: application/x-amz-json-1.1\r\nx-amz-target: SageMaker.{operation}\r\n");
    signed(account, "sagemaker", &headers, &body.to_string())
}

/// A call of S3's; `line` is method and path, such as `PUT /bucket/key`.
pub fn s3(account: &str, line: &str, body: &str) -> Vec<u8> {
    requested(line, account, "s3", "x-amz-content-sha256: UNSIGNED-PAYLOAD\r\n", body)
}

pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").into_bytes()
}

/// A call of the control API.
pub fn post(path: &str, body: &serde_json::Value) -> Vec<u8> {
    let body = body.to_string();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The same request, marked for the bare server: it answers with the recording of that number.
pub fn mark(request: &[u8], case: usize) -> Vec<u8> {
    let line = request.windows(2).position(|w| w == b"\r\n").map_or(0, |at| at + 2);
    [&request[..line], format!("x-case: {case}\r\n").as_bytes(), &request[line..]].concat()
}

/// The text of the first `<tag>` in an XML answer.
pub fn text<'a>(xml: &'a str, tag: &str) -> Option<&'a str> {
    let begin = xml.find(&format!("<{tag}>"))? + tag.len() + 2;
    Some(&xml[begin..begin + xml[begin..].find('<')?])
}

pub struct Reply<'a> {
    pub status: u16,
    pub head: &'a [u8],
    pub body: &'a [u8],
}

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> io::Result<Connection> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, buffer: Vec::with_capacity(256 * 1024) })
    }

    pub async fn call(&mut self, request: &[u8]) -> io::Result<Reply<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            let seen = self.buffer.len().saturating_sub(3);
            self.fill().await?;
            if let Some(at) = self.buffer[seen..].windows(4).position(|w| w == b"\r\n\r\n") {
                break seen + at + 4;
            }
        };
        let status = std::str::from_utf8(&self.buffer[9..12])
            .ok()
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| invalid("status line"))?;
        let length = content_length(&self.buffer[..head]).ok_or_else(|| invalid("no content-length"))?;
        while self.buffer.len() < head + length {
            self.fill().await?;
        }
        Ok(Reply { status, head: &self.buffer[..head], body: &self.buffer[head..head + length] })
    }

    /// `call` for requests that must succeed; the body as text.
    pub async fn expect_ok(&mut self, request: &[u8]) -> io::Result<String> {
        let reply = self.call(request).await?;
        let body = String::from_utf8_lossy(reply.body).into_owned();
        if reply.status == 200 {
            Ok(body)
        } else {
            Err(io::Error::other(format!("{}: {body}", reply.status)))
        }
    }

    async fn fill(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

fn content_length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    head.split(|byte| *byte == b'\n')
        .find(|line| line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME))
        .and_then(|line| std::str::from_utf8(&line[NAME.len()..]).ok())
        .and_then(|value| value.trim().parse().ok())
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
