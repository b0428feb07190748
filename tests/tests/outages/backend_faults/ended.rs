//! A runtime that ends while a value is computed in it, and whose caller lives on (`Handle::block_on`).

use std::{sync::mpsc, thread};

use cached_handler::{Cache, ComputeError, secs};
use tokio::{runtime::Builder, sync::oneshot};

#[test]
fn a_value_that_is_computed_while_its_runtime_ends_is_given_to_a_caller_who_lives() {
    for outcome in [Ok(7_u64), Err("none")] {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let values = runtime.block_on(Cache::builder().build()).unwrap().values::<u64>("ended");
        let (handle, (begun, has_begun), (go_on, goes_on)) = (runtime.handle().clone(), mpsc::channel(), oneshot::channel::<()>());
        let caller = thread::spawn(move || {
            handle.block_on(values.get_or_insert_with("a", secs(60), move || async move {
                begun.send(()).unwrap();
                goes_on.await.unwrap();
                outcome
            }))
        });
        has_begun.recv().unwrap();
        drop(runtime);
        go_on.send(()).unwrap();
        assert_eq!(caller.join().unwrap().map(|value| *value), outcome);
    }
}

#[test]
fn a_value_that_is_asked_for_after_its_runtime_has_ended_is_computed() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (handle, values) = (runtime.handle().clone(), runtime.block_on(Cache::builder().build()).unwrap().values::<u64>("after"));
    drop(runtime);
    for outcome in [Err("none"), Ok(7), Ok(7)] {
        assert_eq!(handle.block_on(values.get_or_insert_with("a", secs(60), move || async move { outcome })).map(|value| *value), outcome);
    }
}

fn ended() -> (tokio::runtime::Runtime, cached_handler::Values<u64>) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let values = runtime.block_on(Cache::builder().build()).unwrap().values::<u64>("timers");
    (runtime, values)
}

#[test]
fn a_value_that_needs_the_timers_of_an_ended_runtime_is_an_error_and_no_panic() {
    let (runtime, values) = ended();
    let (handle, (begun, has_begun)) = (runtime.handle().clone(), mpsc::channel());
    let waits = move |begun: mpsc::Sender<()>| async move {
        begun.send(()).unwrap();
        tokio::time::sleep(secs(3600)).await;
        Ok::<u64, &str>(7)
    };
    let (caller, same) = (begun.clone(), values.clone());
    let caller = thread::spawn(move || {
        let value = handle.block_on(same.try_get_or_insert_with("a", secs(60), move || waits(caller)));
        (value, handle)
    });
    has_begun.recv().unwrap();
    drop(runtime);
    let (value, handle) = caller.join().unwrap();
    assert_eq!(value.map(|value| *value), Err(ComputeError::RuntimeEnded));
    // It is asked for only then; and what needs no runtime is computed.
    let value = handle.block_on(values.try_get_or_insert_with("a", secs(60), move || waits(begun)));
    assert_eq!(value.map(|value| *value), Err(ComputeError::RuntimeEnded));
    for outcome in [Err("none"), Ok(7)] {
        let value = handle.block_on(values.try_get_or_insert_with("a", secs(60), move || async move { outcome }));
        assert_eq!(value.map(|value| *value), outcome.map_err(ComputeError::Failed));
    }
}

#[test]
fn a_panic_in_a_runtime_that_lives_stays_one() {
    let (runtime, values) = ended();
    let caller = thread::spawn(move || {
        let computes = || async { if secs(1).is_zero() { Ok::<u64, &str>(7) } else { panic!("on purpose") } };
        runtime.block_on(values.try_get_or_insert_with("a", secs(60), computes)).map(|value| *value)
    });
    assert_eq!(caller.join().unwrap_err().downcast_ref(), Some(&"on purpose"));
}
