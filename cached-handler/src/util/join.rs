//! Awaits several futures concurrently.

use std::{future::poll_fn, pin::Pin, task::Poll};

/// One of the futures.
pub(crate) type Call<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Awaits all futures concurrently and returns their outputs in order. Each wake-up polls all of them, so it is for a few.
pub(crate) async fn together<T>(calls: Vec<Call<'_, T>>) -> Vec<T> {
    let mut calls: Vec<_> = calls.into_iter().map(|call| (call, None)).collect();
    poll_fn(|cx| {
        let mut waits = false;
        for (call, output) in calls.iter_mut().filter(|(_, output)| output.is_none()) {
            match call.as_mut().poll(cx) {
                Poll::Ready(given) => *output = Some(given),
                Poll::Pending => waits = true,
            }
        }
        if waits { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    calls.into_iter().filter_map(|(_, output)| output).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn they_take_as_long_as_the_longest_and_give_in_their_order() {
        let began = Instant::now();
        let waits = |millis| -> Call<'_, u64> {
            Box::pin(async move {
                sleep(Duration::from_millis(millis)).await;
                millis
            })
        };
        assert_eq!(together(vec![waits(30), waits(10), waits(0), waits(20)]).await, [30, 10, 0, 20]);
        assert_eq!(began.elapsed(), Duration::from_millis(30));
        assert!(together(Vec::<Call<'_, u64>>::new()).await.is_empty());
    }
}
