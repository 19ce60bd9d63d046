//! A hyper server that does nothing but answer recorded bytes: the ceiling that the benchmark compares with.
//!
//! `bare DIRECTORY` serves the recordings `0.json`, `0.body`, `1.json`, ... and prints its port. A request
//! says in `x-case` which one it wants. Like any server it reads the whole request first.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use client_tests::Result;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

struct Recording {
    headers: HeaderMap,
    body: Bytes,
}

fn load(directory: &Path) -> Result<Vec<Recording>> {
    let mut recordings = Vec::new();
    while let Ok(text) = std::fs::read(directory.join(format!("{}.json", recordings.len()))) {
        let pairs: Vec<(String, String)> = serde_json::from_slice(&text)?;
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        }
        let body = std::fs::read(directory.join(format!("{}.body", recordings.len())))?.into();
        recordings.push(Recording { headers, body });
    }
    Ok(recordings)
}

async fn answer(
    request: Request<Incoming>,
    recordings: Arc<Vec<Recording>>,
) -> std::result::Result<Response<Full<Bytes>>, Infallible> {
    let case = request.headers().get("x-case").and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    let _ = request.into_body().collect().await;
    let mut response = Response::new(Full::default());
    match case.and_then(|case: usize| recordings.get(case)) {
        Some(recording) => {
            *response.headers_mut() = recording.headers.clone();
            *response.body_mut() = Full::new(recording.body.clone());
        }
        None => *response.status_mut() = hyper::StatusCode::NOT_FOUND,
    }
    Ok(response)
}

#[tokio::main]
async fn main() -> Result<()> {
    let directory = std::env::args_os().nth(1).ok_or("usage: bare DIRECTORY")?;
    let recordings = Arc::new(load(Path::new(&directory))?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let recordings = recordings.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, recordings.clone()));
            http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service)
                .await
        });
    }
}
