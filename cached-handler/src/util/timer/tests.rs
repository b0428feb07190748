use std::{
    future::pending,
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
};

use tokio::{runtime::Builder, sync::oneshot};

use super::*;

const LIMIT: Duration = Duration::from_millis(50);

#[tokio::test(start_paused = true)]
async fn a_call_that_never_answers_is_slow_after_its_limit() {
    let began = Instant::now();
    assert_eq!(listen(LIMIT, pending::<()>()).await, Err(GivenUp::Slow));
    assert_eq!(began.elapsed(), LIMIT);
}

/// A future that is ready at this poll, and never wakes its task.
fn at_the_look(number: u32) -> impl Future<Output = ()> {
    let looks = AtomicU32::new(0);
    std::future::poll_fn(move |_| if looks.fetch_add(1, Ordering::SeqCst) + 1 >= number { Poll::Ready(()) } else { Poll::Pending })
}

/// Runs `call` with a paused clock, which another task moves as a task that computes without an await would.
async fn with_a_busy_runtime<T>(late_by: Duration, call: impl Future<Output = T>) -> T {
    let busy = tokio::spawn(async move {
        loop {
            tokio::time::advance(late_by).await;
        }
    });
    let outcome = call.await;
    busy.abort();
    outcome
}

#[tokio::test(start_paused = true)]
async fn time_in_which_the_process_was_busy_does_not_count() {
    let late_by = Duration::from_millis(80);
    let answers = with_a_busy_runtime(late_by, listen(LIMIT, at_the_look(8))).await;
    assert_eq!(answers, Ok(()), "eight looks are more than the parts of a limit");
    let began = Instant::now();
    let silent = with_a_busy_runtime(late_by, listen(LIMIT, pending::<()>())).await;
    assert_eq!(silent, Err(GivenUp::Starved));
    assert!(began.elapsed() >= late_by * (LATE_PARTS - 1));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_lies_ready_when_the_limit_passes_counts() {
    let (answer, answered) = oneshot::channel();
    let listens = listen(LIMIT, answered);
    tokio::time::advance(Duration::from_secs(60)).await;
    answer.send(7).unwrap();
    assert_eq!(listens.await, Ok(Ok(7)));
}

#[test]
fn without_timers_in_the_runtime_limits_hold_and_nothing_panics() {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            assert!(lacks_timers());
            assert_eq!(timeout(Duration::from_millis(5), pending::<()>()).await, Err(Elapsed));
            assert_eq!(timeout(Duration::from_secs(600), async { 7 }).await, Ok(7));
            assert_eq!(listen(Duration::from_millis(5), pending::<()>()).await.map_err(drop), Err(()));
            let sleeps = [9, 1, 5].map(|millis| tokio::spawn(sleep(Duration::from_millis(millis))));
            for slept in sleeps {
                slept.await.unwrap();
            }
        });
        // Another runtime keeps its own timers: only these follow a paused clock.
        Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
            let (began, far) = (Instant::now(), Duration::from_secs(3600));
            sleep(far).await;
            assert!(began.elapsed() >= far);
        });
        runtime.block_on(async {
            assert!(made(Instant::now()).is_none() && lacks_timers(), "the first one is without still");
        });
        done.send(()).unwrap();
    });
    is_done.recv().unwrap();
}

#[test]
fn timers_end_and_do_not_panic_when_their_runtime_ends() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let handle = runtime.handle().clone();
    let (begun, has_begun) = mpsc::channel();
    let waits = thread::spawn(move || {
        handle.block_on(async {
            begun.send(()).unwrap();
            timeout(Duration::from_millis(200), pending::<()>()).await
        })
    });
    has_begun.recv().unwrap();
    drop(runtime);
    assert_eq!(waits.join().unwrap(), Err(Elapsed));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_away_for_long_stretches_gives_up_after_few_of_them() {
    let began = Instant::now();
    let late_by = Duration::from_secs(2);
    let (outcome, listened) = with_a_busy_runtime(late_by, listen_and_count(LIMIT, pending::<()>())).await;
    assert_eq!(outcome, Err(GivenUp::Starved));
    assert_eq!(listened, Duration::ZERO);
    assert!(began.elapsed() < late_by * 3);
}
