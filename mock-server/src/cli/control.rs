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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    runtime.block_on(ask(endpoint, path, parameters))
}

async fn ask<T: DeserializeOwned>(
    endpoint: &str,
    path: &str,
    parameters: &[(&str, &Option<String>)],
) -> Result<T, String> {
    let encode = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let query: Vec<_> = parameters
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", encode(value.as_ref()?))))
        .collect();
    let path = format!("/_mockplane/{path}?{}", query.join("&"));
    let request = Request::get(path).body(Bytes::new()).map_err(|error| error.to_string())?;
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
    serde_json::from_slice(response.body()).map_err(|error| error.to_string())
}
