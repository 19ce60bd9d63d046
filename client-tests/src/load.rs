//! Closed-loop load over keep-alive connections, and statistics over rounds.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::LocalSet;

use crate::wire::Connection;
use crate::{Result, process, wall};

/// Where a run ends. Both are bounds: a run never takes more requests or more time than this.
#[derive(Clone, Copy)]
pub struct Bounds {
    pub requests: usize,
    pub time: Duration,
}

#[derive(Clone, Copy, Debug)]
pub struct Sample {
    pub per_second: f64,
    /// Server CPU a request.
    pub cpu_us: f64,
    pub p50_us: f64,
    pub p99_us: f64,
}

/// Every connection sends `request` again and again, each time after the answer, until the bounds.
pub async fn run(
    address: SocketAddr,
    pid: u32,
    connections: usize,
    request: &[u8],
    bounds: Bounds,
) -> Result<Sample> {
    let request: Rc<[u8]> = request.into();
    let mut open = Vec::new();
    for _ in 0..connections {
        let mut connection = Connection::open(address).await?;
        connection.expect_ok(&request).await?;
        open.push(connection);
    }
    let share = bounds.requests.div_ceil(connections);
    let (cpu, begin) = (process::cpu(pid)?, wall::now());
    let deadline = begin + bounds.time;
    let local = LocalSet::new();
    let workers: Vec<_> = open
        .into_iter()
        .map(|mut connection| {
            let request = request.clone();
            local.spawn_local(async move {
                let mut times = Vec::with_capacity(share.min(1 << 16));
                let mut last = wall::now();
                while times.len() < share && last < deadline {
                    let status = connection.call(&request).await?.status;
                    if status != 200 {
                        return Err(std::io::Error::other(format!("answered {status} under load")));
                    }
                    let now = wall::now();
                    times.push(now - last);
                    last = now;
                }
                Ok(times)
            })
        })
        .collect();
    local.await;
    let (elapsed, cpu) = (begin.elapsed(), process::cpu(pid)? - cpu);
    let mut times = Vec::new();
    for worker in workers {
        times.extend(worker.await??);
    }
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e6;
    let count = times.len() as f64;
    Ok(Sample {
        per_second: count / elapsed.as_secs_f64(),
        cpu_us: cpu.as_secs_f64() * 1e6 / count,
        p50_us: at(0.5),
        p99_us: at(0.99),
    })
}

/// Median and range of what was measured in several rounds.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    pub median: f64,
    pub low: f64,
    pub high: f64,
}

impl Spread {
    pub fn of(values: impl IntoIterator<Item = f64>) -> Spread {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_unstable_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median =
            if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 };
        Spread { median, low: values[0], high: values[values.len() - 1] }
    }

    /// `median (low to high)`.
    pub fn show(&self, digits: usize) -> String {
        format!("{:.digits$} ({:.digits$} to {:.digits$})", self.median, self.low, self.high)
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn spread_has_the_median_and_the_range() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0]).show(0), "2 (1 to 3)");
        assert_eq!(Spread::of([4.0, 1.0, 2.0, 3.0]).show(1), "2.5 (1.0 to 4.0)");
    }
}
