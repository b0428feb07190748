//! A runtime that ends while a value is computed in it, and whose caller lives on (`Handle::block_on`).

use std::{sync::mpsc, thread};

use cached_handler::{Cache, secs};
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
