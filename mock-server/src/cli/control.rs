//! Questions to the control API of a server that runs.

use super::DEFAULT_PORT;
use crate::scenario::target::{Http, Target};
use bytes::Bytes;
use hyper::Request;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The server that is asked if nothing else is said.
pub fn default_endpoint() -> String {
    format!("http://127.0.0.1:{DEFAULT_PORT}")
}

/// What the control API answers to a GET.
///
/// # Errors
/// What it refuses with, or why it could not be asked.
pub fn get<T: DeserializeOwned>(
    endpoint: &str,
    path: &str,
    parameters: &[(&str, &Option<String>)],
) -> Result<T, String> {
    let answer = ask(endpoint, path, parameters, None)?;
    serde_json::from_str(&answer).map_err(|error| error.to_string())
}

/// What the control API answers, as it is, to a GET or, if there is a body, to a POST.
///
/// # Errors
/// What it refuses with, or why it could not be asked.
pub fn ask(
    endpoint: &str,
    path: &str,
    parameters: &[(&str, &Option<String>)],
    body: Option<String>,
) -> Result<String, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    runtime.block_on(exchange(endpoint, path, parameters, body))
}

async fn exchange(
    endpoint: &str,
    path: &str,
    parameters: &[(&str, &Option<String>)],
    body: Option<String>,
) -> Result<String, String> {
    let encode = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let query: Vec<_> = parameters
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", encode(value.as_ref()?))))
        .collect();
    let path = format!("/_mockplane/{path}?{}", query.join("&"));
    let request = match body {
        None => Request::get(path).body(Bytes::new()),
        Some(body) => Request::post(path).body(Bytes::from(body)),
    };
    let request = request.map_err(|error| error.to_string())?;
    let target = Http::new(endpoint).map_err(|error| error.to_string())?;
    let response = target.send(request).await.map_err(|error| error.to_string())?;
    if !response.status().is_success() {
        #[derive(Deserialize)]
        struct Problem {
            error: String,
        }
        let told = serde_json::from_slice::<Problem>(response.body());
        return Err(told.map_or_else(|_| format!("answered {}", response.status()), |told| told.error));
    }
    String::from_utf8(response.body().to_vec()).map_err(|error| error.to_string())
}
