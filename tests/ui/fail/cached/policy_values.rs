//! Values that a `Policy` refuses: constants are evaluated by the compiler.

use cached_handler::{Policy, secs};

const JITTER: Policy = Policy::new().jitter(51); //~ Policy::new().jitter(51) => evaluation panicked: `jitter` is at most 50 per cent

const WAIT: Policy = Policy::new().max_wait(secs(31)); //~ Policy::new().max_wait(secs(31)) => evaluation panicked: `max_wait` is at most 30 s: a run that is older is joined by nobody

const STATUS: Policy = Policy::new().status(500, secs(1)); //~ Policy::new().status(500, secs(1)) => evaluation panicked: responses of this status are never stored; remove `.status(…)`

const STATUSES: Policy = Policy::new()
    .status(300, secs(1))
    .status(301, secs(1))
    .status(302, secs(1))
    .status(303, secs(1))
    .status(307, secs(1))
    .status(308, secs(1))
    .status(404, secs(1))
    .status(410, secs(1))
    .status(201, secs(1)); //~^^^^^^^^^ Policy::new() => evaluation panicked: at most eight statuses can be named, in a policy and in `status(…)` together; remove one

fn main() {
    let _ = (JITTER, WAIT, STATUS, STATUSES);
}
