//! How many connections this process may have open.

/// What one check may need at once: a connection, a probe, a lookup, and the resolver's own.
const EACH: u64 = 4;
/// What the process needs besides.
const BESIDES: u64 = 32;
/// More than this is never asked for.
const MOST: u64 = 65_536;

/// So many of `wanted` checks at once as the limit on open files leaves room for, once the soft
/// limit has been raised as far as the system allows.
#[cfg(unix)]
pub(super) fn for_jobs(wanted: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let ceiling = limit.maximum.unwrap_or(MOST).min(MOST);
    let mut soft = limit.current.unwrap_or(MOST);
    if soft < ceiling {
        let raised = Rlimit {
            current: Some(ceiling),
            maximum: limit.maximum,
        };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            soft = ceiling;
        }
    }
    let room = soft.saturating_sub(BESIDES) / EACH;
    wanted
        .min(usize::try_from(room).unwrap_or(usize::MAX))
        .max(1)
}

/// Other systems have no such limit.
#[cfg(not(unix))]
pub(super) fn for_jobs(wanted: usize) -> usize {
    wanted
}
