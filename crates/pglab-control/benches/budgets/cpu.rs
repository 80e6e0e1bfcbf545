//! CPU time and load as Linux tells them in `/proc`: of a PostgreSQL server with all its processes, and of ourselves.

use std::{fs, time::Duration};

/// User and system time of a process; with that of its children that have ended, if `with_ended`.
fn of_process(pid: &str, with_ended: bool) -> Option<(Duration, i32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
    let mut sum = ticks(11)? + ticks(12)?;
    if with_ended {
        sum += ticks(13)? + ticks(14)?;
    }
    // Linux counts in hundredths of a second, whatever its clock.
    Some((Duration::from_millis(sum * 10), fields.get(1)?.parse().ok()?))
}

/// Of a server: the postmaster, its children, and those that have ended.
pub fn of_server(postmaster: i32) -> Duration {
    let mut sum = of_process(&postmaster.to_string(), true).map_or(Duration::ZERO, |(time, _)| time);
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(pid) = name
            .to_str()
            .filter(|name| name.bytes().all(|b| b.is_ascii_digit()))
        else {
            continue;
        };
        if let Some((time, parent)) = of_process(pid, true)
            && parent == postmaster
        {
            sum += time;
        }
    }
    sum
}

/// Of one process that is somebody else's.
pub fn of_pid(pid: i32) -> Duration {
    of_process(&pid.to_string(), false).map_or(Duration::ZERO, |(time, _)| time)
}

/// Of this process, without the programs that it started.
pub fn of_ourselves() -> Duration {
    of_process("self", false).map_or(Duration::ZERO, |(time, _)| time)
}

/// Processes that wanted a core, on average over the last minute.
pub fn load() -> f64 {
    fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse().ok())
        .unwrap_or(0.0)
}

pub fn n_cores() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

/// Space left for the files of the servers, in bytes.
pub fn free_disk() -> Option<u64> {
    let output = std::process::Command::new("df")
        .args(["-Pk"])
        .arg(std::env::temp_dir())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let kib: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kib * 1024)
}
