//! Step 5: whether what a run has produced may be stored, and with what content.

use std::panic::resume_unwind;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{StatusCode, response::Parts};
use http_body::Body as _;

use super::{
    Run,
    gate::{Made, gate},
    post::Standing,
    produce::Failure,
    revalidate::Answered,
    store::LONGEST,
    unstored,
};
use crate::{
    body::copy::{self, Complete, Refused},
    outcome::NotStored,
    rules::{
        length::{is_declared_longer, is_endless},
        storable::Storable,
    },
    serve::nested::tell_of_parts,
    stored::response_part::IsErr,
};

/// The verdict on a run's response: store it, pass it on, or answer with something else.
pub(super) enum Admission {
    /// The handler failed, and a stale response answers.
    Hidden { stale: Response, reason: NotStored },
    /// The handler's 304 names another representation than the stored one that it was asked about: the stored response answers this
    /// request, and no further one.
    Ended { held: Response, reason: NotStored },
    /// The response is passed on, and not stored.
    Refused { parts: Parts, body: Body, reason: NotStored },
    /// The response is stored, and its content is complete.
    Whole(Admitted, Complete),
    /// The response is stored once its content has ended.
    Stream(Admitted, Body),
    /// The response to a POST is stored as the response to GET.
    ForGet(Parts, Body, Standing),
}

/// A response that may be stored.
pub(super) struct Admitted {
    pub(super) parts: Parts,
    pub(super) storable: Storable,
    pub(super) groups: Vec<Box<str>>,
    pub(super) made: Made,
}

/// Decides what becomes of a run's response. `may_go_on`: there is a task that can continue after the answer.
pub(super) async fn admit(run: &mut Run, produced: Result<Response, Failure>, may_go_on: bool) -> Admission {
    tell_of_parts(run);
    let response = match produced {
        Ok(response) => response,
        Err(failure) => return failed(run, failure),
    };
    if let Some(stale) = run.stale_for_an_error(response.status()) {
        return Admission::Hidden { stale, reason: NotStored::Status(response.status().as_u16()) };
    }
    let (mut parts, body) = response.into_parts();
    // Removed, as it is only a note to this cache, and must not be stored with the response.
    run.is_err = parts.extensions.remove::<IsErr>().is_some();
    if run.is_head() {
        run.tell_what_get_stored(&parts).await;
    }
    if run.post.is_some()
        && let Some(standing) = run.stands_for_get(&parts).await
    {
        return Admission::ForGet(parts, body, standing);
    }
    if run.held().is_none() {
        return with_content(run, parts, body, Made::New, may_go_on).await;
    }
    match run.answered(&parts) {
        Answered::StillHolds(freshened) => {
            let (parts, body) = freshened.into_parts();
            with_content(run, parts, body, Made::Freshened, may_go_on).await
        }
        Answered::Otherwise(held) => Admission::Ended { held, reason: NotStored::Status(parts.status.as_u16()) },
        Answered::Anew => with_content(run, parts, body, Made::New, may_go_on).await,
    }
}

async fn with_content(run: &Run, parts: Parts, body: Body, made: Made, may_go_on: bool) -> Admission {
    let body = if may_go_on { unstored::with_the_length_of_a_304(run, &parts, body).await } else { body };
    let length = body.size_hint().exact();
    if run.forwards_part() {
        run.note_whole(&parts, length);
    }
    let refused = |parts, body, reason| Admission::Refused { parts, body, reason };
    let (storable, groups) = match gate(run, &parts, made) {
        Ok(passed) => passed,
        Err(reason) => {
            // This reason takes precedence over others, such as the `no-cache` of axum's `Sse`, as no argument of the attribute could
            // change it.
            let is_endless = length.is_none() && is_endless(&parts.headers);
            return refused(parts, body, if is_endless { NotStored::Endless } else { reason });
        }
    };
    let limit = run.handler.policy.max_body;
    let Some(length) = length else {
        let reason = match () {
            () if is_declared_longer(&parts.headers, limit) => NotStored::TooLarge,
            () if is_endless(&parts.headers) => NotStored::Endless,
            () if !may_go_on => NotStored::NoTask,
            () => return Admission::Stream(Admitted { parts, storable, groups, made }, body),
        };
        return refused(parts, body, reason);
    };
    if length > limit as u64 {
        return refused(parts, body, NotStored::TooLarge);
    }
    match copy::complete(body, limit, &run.cache.inner().read_ahead, may_go_on.then_some(LONGEST)).await {
        Ok(whole) if !run.is_of_its_length(&parts.headers, &whole.content) => {
            refused(parts, Body::from(whole.lend()), NotStored::LengthMismatch)
        }
        Ok(whole) => Admission::Whole(Admitted { parts, storable, groups, made }, whole),
        Err(Refused { reason, body }) => refused(parts, body, reason),
    }
}

/// A run without a response: a stale response stands in for it, or the request fails as it would without a cache.
fn failed(run: &Run, failure: Failure) -> Admission {
    let reason = failure.reason();
    if let Some(stale) = run.stale_for_a_failure() {
        return Admission::Hidden { stale, reason };
    }
    let response = match failure {
        Failure::Panicked(panic) if !run.behind => resume_unwind(panic),
        // A refresh in the background has no client to pass the panic to.
        Failure::Panicked(_) => Response::default(),
        Failure::TimedOut => StatusCode::GATEWAY_TIMEOUT.into_response(),
    };
    let (parts, body) = response.into_parts();
    Admission::Refused { parts, body, reason }
}
