//! How long a piece of audio, its mark and a `clear` are on their way down to the phone, over loopback.
//!
//! The peer is as a telephone's provider is: it sends a frame of 20 ms at a time, and acknowledges what it gets with the
//! next of them, not at once (`TCP_QUICKACK` off, after every read). A write that waits for an acknowledgement
//! waits for that.
//!
//! First a laboratory: sockets written in four ways. Then whole calls through the real gateway. It fails if the slowest
//! hundredth of the marks is not at least ten times faster than when a piece and its mark were two writes that waited, or
//! if a `clear` of the laboratory is not.

mod calls;
mod laboratory;

use std::{io::Write as _, process::ExitCode, time::Duration};

use laboratory::Way;

/// How late messages arrived, in one run.
#[derive(Default)]
struct Delays {
    marks: Vec<Duration>,
    clears: Vec<Duration>,
}

impl Delays {
    fn row(&self, name: &str) -> String {
        let [marks, clears] = [&self.marks, &self.clears].map(|delays| {
            let [half, most, nearly_all] =
                [500, 900, 990].map(|share| millis(quantile(delays, share)));
            format!("{} | {half} | {most} | {nearly_all}", delays.len())
        });
        format!("| {name} | {marks} | {clears} |")
    }
}

/// The delay that so many of a thousand do not exceed.
fn quantile(delays: &[Duration], per_mille: usize) -> Duration {
    let mut sorted = delays.to_vec();
    sorted.sort_unstable();
    let place = (sorted.len() * per_mille).div_ceil(1_000).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

fn millis(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1_000.0)
}

fn say(line: &str) {
    // Whoever closed it does not read.
    let _ = writeln!(std::io::stdout(), "{line}");
}

#[tokio::main]
async fn main() -> ExitCode {
    say("| written | marks | p50 | p90 | p99 | clears | p50 | p90 | p99 |");
    say("|---|---|---|---|---|---|---|---|---|");
    let mut laboratory = Vec::new();
    for way in Way::ALL {
        let delays = laboratory::measure(way).await;
        say(&delays.row(way.name));
        laboratory.push(delays);
    }
    let calls = calls::measure().await;
    say(&calls.row("whole calls through the gateway"));
    let [before, _, _, after] = &laboratory[..] else {
        unreachable!("four ways were measured");
    };
    let holds = is_tenth(&after.marks, &before.marks)
        && is_tenth(&after.clears, &before.clears)
        && is_tenth(&calls.marks, &before.marks);
    say(if holds { "HOLDS" } else { "DOES NOT HOLD" });
    if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Whether the slowest hundredth came down to a tenth.
fn is_tenth(after: &[Duration], before: &[Duration]) -> bool {
    !after.is_empty() && quantile(after, 990) * 10 <= quantile(before, 990)
}
