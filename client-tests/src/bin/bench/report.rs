//! The measured numbers as Markdown, and their place in docs/BENCHMARKS.md.

use std::fmt::Write;
use std::path::Path;

use client_tests::Result;
use client_tests::load::{Sample, Spread};

use super::crowd::Crowd;

pub struct Measured {
    pub machine: String,
    pub binary_mib: f64,
    pub rounds: usize,
    pub seconds: f64,
    pub cases: Vec<Case>,
    /// To the first health answer, to the first DescribeVpcs.
    pub starts: [Spread; 2],
    pub memory: Memory,
    pub growth: Vec<Growth>,
    /// By how many addresses of one /16 are taken.
    pub filling: Vec<(usize, Sample)>,
    pub crowds: Vec<Crowd>,
}

pub struct Case {
    pub name: &'static str,
    pub connections: usize,
    pub bytes: usize,
    pub ours: Vec<Sample>,
    pub bare: Vec<Sample>,
}

pub struct Memory {
    pub idle: f64,
    pub filled: Vec<(usize, f64)>,
}

pub struct Growth {
    pub interfaces: usize,
    /// By id, by subnet, by description.
    pub samples: Vec<Sample>,
}

type Pick = fn(&Sample) -> f64;

fn spread(samples: &[Sample], pick: Pick) -> Spread {
    Spread::of(samples.iter().map(pick))
}

impl Measured {
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        // Writing to a String does not fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "Command: `just bench`. Machine: {}.", self.machine)?;
        writeln!(
            out,
            "{} interleaved rounds of {} s for each cell; median (lowest to highest).\n",
            self.rounds, self.seconds
        )?;
        writeln!(
            out,
            "| call | connections | answer, bytes | requests/s | bare hyper, requests/s | ratio |"
        )?;
        writeln!(out, "| --- | ---: | ---: | ---: | ---: | ---: |")?;
        for case in &self.cases {
            let (ours, bare) = (spread(&case.ours, |s| s.per_second), spread(&case.bare, |s| s.per_second));
            let ratio =
                Spread::of(case.ours.iter().zip(&case.bare).map(|(a, b)| a.per_second / b.per_second));
            writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} |",
                case.name,
                case.connections,
                case.bytes,
                ours.show(0),
                bare.show(0),
                ratio.show(2)
            )?;
        }
        writeln!(out, "\nServer CPU and time of a request, in µs:\n")?;
        writeln!(out, "| call | connections | CPU | bare CPU | p50 | bare p50 | p99 | bare p99 |")?;
        writeln!(out, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")?;
        for case in &self.cases {
            write!(out, "| {} | {} |", case.name, case.connections)?;
            for pick in [(|s| s.cpu_us) as Pick, |s| s.p50_us, |s| s.p99_us] {
                for samples in [&case.ours, &case.bare] {
                    write!(out, " {} |", spread(samples, pick).show(1))?;
                }
            }
            writeln!(out)?;
        }
        writeln!(out, "\n| start and memory | |")?;
        writeln!(out, "| --- | ---: |")?;
        writeln!(out, "| exec to first health answer, ms | {} |", self.starts[0].show(1))?;
        writeln!(out, "| exec to first DescribeVpcs answer, ms | {} |", self.starts[1].show(1))?;
        writeln!(out, "| binary, MiB | {:.1} |", self.binary_mib)?;
        writeln!(out, "| resident memory idle, MiB | {:.1} |", self.memory.idle)?;
        for (interfaces, mib) in self.memory.filled.iter().filter(|(count, _)| *count >= 10_000) {
            writeln!(out, "| resident memory with {interfaces} interfaces, MiB | {mib:.1} |")?;
        }
        writeln!(
            out,
            "\nDescribeNetworkInterfaces on one connection as the region fills, p50 µs (server CPU µs):\n"
        )?;
        writeln!(out, "| interfaces | by id | by subnet (5 match) | by description (no index, 1 matches) |")?;
        writeln!(out, "| ---: | ---: | ---: | ---: |")?;
        for growth in &self.growth {
            write!(out, "| {} |", growth.interfaces)?;
            for sample in &growth.samples {
                write!(out, " {:.0} ({:.0}) |", sample.p50_us, sample.cpu_us)?;
            }
            writeln!(out)?;
        }
        writeln!(out, "\nCreateNetworkInterface on one connection as a /16 fills:\n")?;
        writeln!(out, "| addresses taken | p50, µs | server CPU, µs |")?;
        writeln!(out, "| ---: | ---: | ---: |")?;
        for (leases, sample) in &self.filling {
            writeln!(out, "| {leases} | {:.0} | {:.1} |", sample.p50_us, sample.cpu_us)?;
        }
        writeln!(
            out,
            "\nTraining jobs at once in one account, each with two interfaces in one subnet; server CPU of a job, µs:\n"
        )?;
        writeln!(out, "| jobs | to create | to live until it has completed | counts that were exact |")?;
        writeln!(out, "| ---: | ---: | ---: | ---: |")?;
        for crowd in &self.crowds {
            let Crowd { jobs, create_us, life_us, looks } = crowd;
            writeln!(out, "| {jobs} | {create_us:.0} | {life_us:.0} | {looks} of {looks} |")?;
        }
        Ok(())
    }
}

const BEGIN: &str = "<!-- bench:begin -->\n";
const END: &str = "<!-- bench:end -->";

/// Replaces what stands between the markers of docs/BENCHMARKS.md.
pub fn write(report: &str) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/BENCHMARKS.md");
    let page = std::fs::read_to_string(&path)?;
    let (head, rest) = page.split_once(BEGIN).ok_or("docs/BENCHMARKS.md has no begin marker")?;
    let (_, tail) = rest.split_once(END).ok_or("docs/BENCHMARKS.md has no end marker")?;
    std::fs::write(&path, format!("{head}{BEGIN}{report}{END}{tail}"))?;
    Ok(())
}
