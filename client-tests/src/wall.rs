//! Real time. Measuring and waiting for a process are what this crate is for, so here, and only here, the
//! workspace's ban on the wall clock is lifted.
#![allow(clippy::disallowed_methods)]

use std::time::{Duration, Instant};

pub fn now() -> Instant {
    Instant::now()
}

pub fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

pub async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}
