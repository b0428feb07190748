//! Finds a value, or computes it once for all concurrent callers.

use std::{any::Any, panic::resume_unwind, sync::Arc};

use axum::response::Response;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    ComputeError, ValueOptions, Values,
    ended::{Ended, unless_ended},
    lent::Lent,
    typed::respond,
};
use crate::{
    key::writer::KeyPart,
    observe::Running,
    outcome::{Bypass, Forward, Kept, NotStored, Outcome},
    request::nested,
    serve::{self, Key, look, run_in_its_own_task},
    stored::failed::{failed, response_or_error},
};

/// Why there is no value.
enum NoValue<E> {
    Failed(E),
    Ended(Box<dyn Any + Send>),
}

impl<E> From<Ended> for NoValue<E> {
    fn from(Ended(panic): Ended) -> Self {
        Self::Ended(panic)
    }
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Values<T> {
    /// The value under `key`, or else the result of `compute`, which runs once for all concurrent callers.
    ///
    /// `options` is a lifetime, or [`ValueOptions`] with groups and stale windows. The computation may outlive the caller, so it owns
    /// what it uses: `async move || …`. With a stale window, a stale value is returned at once while it is computed again, or in place
    /// of an `Err` or a panic.
    ///
    /// # Errors
    ///
    /// The error of `compute`, unless a stale value stands in for it. Callers who waited for a computation that failed compute for
    /// themselves, a few at a time.
    ///
    /// # Panics
    ///
    /// If `compute` panics and no stale value stands in for it, as without a cache. `compute` may also panic because the runtime of the
    /// call has ended (`Handle::block_on` during its shutdown) and it needs that runtime's timers or I/O; for this,
    /// [`try_get_or_insert_with`](Self::try_get_or_insert_with) has an error.
    ///
    /// ```
    /// # async fn ask_the_bank(currency: String) -> Result<f64, std::io::Error> { Ok(1.0) }
    /// # async fn f(cache: cached_handler::Cache, currency: String) -> Result<(), std::io::Error> {
    /// use cached_handler::secs;
    ///
    /// let rates = cache.values::<f64>("rates");
    /// let rate = rates.get_or_insert_with(&currency.clone(), secs(60), async move || ask_the_bank(currency).await).await?;
    /// # Ok(()) }
    /// ```
    pub async fn get_or_insert_with<K, E, F, C>(&self, key: &K, options: impl Into<ValueOptions>, compute: F) -> Result<Arc<T>, E>
    where
        K: KeyPart + ?Sized,
        E: Send + 'static,
        F: FnOnce() -> C + Send + 'static,
        C: Future<Output = Result<T, E>> + Send + 'static,
    {
        self.found_or_computed(key, options.into(), compute).await.map_err(|none| match none {
            NoValue::Failed(error) => error,
            NoValue::Ended(panic) => resume_unwind(panic),
        })
    }

    /// As [`get_or_insert_with`](Self::get_or_insert_with), with an error in place of the panic if the runtime of the call has ended and
    /// `compute` needs it. For threads that call it by `Handle::block_on` and may outlive that runtime.
    ///
    /// # Errors
    ///
    /// [`ComputeError::Failed`] with the error of `compute`, or [`ComputeError::RuntimeEnded`]. A computation that does not need the
    /// runtime succeeds after its end, too.
    ///
    /// # Panics
    ///
    /// If `compute` panics while the runtime is alive, and no stale value stands in for it.
    ///
    /// ```
    /// # async fn ask_the_bank() -> Result<f64, std::io::Error> { Ok(1.0) }
    /// use cached_handler::{ComputeError, Values, secs};
    /// use tokio::runtime::Handle;
    ///
    /// fn in_a_thread(runtime: &Handle, rates: &Values<f64>) -> Option<f64> {
    ///     match runtime.block_on(rates.try_get_or_insert_with("EUR", secs(60), async move || ask_the_bank().await)) {
    ///         Ok(rate) => Some(*rate),
    ///         Err(ComputeError::RuntimeEnded) => None,
    ///         Err(error) => panic!("{error}"),
    ///     }
    /// }
    /// ```
    pub async fn try_get_or_insert_with<K, E, F, C>(
        &self,
        key: &K,
        options: impl Into<ValueOptions>,
        compute: F,
    ) -> Result<Arc<T>, ComputeError<E>>
    where
        K: KeyPart + ?Sized,
        E: Send + 'static,
        F: FnOnce() -> C + Send + 'static,
        C: Future<Output = Result<T, E>> + Send + 'static,
    {
        self.found_or_computed(key, options.into(), compute).await.map_err(|none| match none {
            NoValue::Failed(error) => ComputeError::Failed(error),
            NoValue::Ended(_) => ComputeError::RuntimeEnded,
        })
    }

    #[inline]
    async fn found_or_computed<K, E, F, C>(&self, key: &K, options: ValueOptions, compute: F) -> Result<Arc<T>, NoValue<E>>
    where
        K: KeyPart + ?Sized,
        E: Send + 'static,
        F: FnOnce() -> C + Send + 'static,
        C: Future<Output = Result<T, E>> + Send + 'static,
    {
        if options.bypass {
            let alone = Box::pin(unless_ended(self.compute_alone(compute)));
            return alone.await?.map_err(NoValue::Failed);
        }
        if self.storage().may_peek()
            && let Some(value) = self.at_once(key)
        {
            return Ok(value);
        }
        let looked = look(&mut self.key(key), &self.cache);
        // Boxed, so that the future that every hit goes through stays small.
        Box::pin(self.fill(looked, options, compute)).await
    }

    /// Computes the value without the cache.
    async fn compute_alone<E, F, C>(&self, compute: F) -> Result<Arc<T>, E>
    where
        F: FnOnce() -> C,
        C: Future<Output = Result<T, E>>,
    {
        self.set.is_used();
        let why = Forward::Bypass(if self.cache.inner().off { Bypass::Off } else { Bypass::Condition });
        if why != Forward::Bypass(Bypass::Off) {
            nested::tell_of_unnamed(&nested::around(None).unwrap_or_default(), false);
        }
        let running = Running::begin(&self.cache.inner().observer, &self.set.handler.subject, why);
        let value = compute().await;
        running.end();
        let outcome = Outcome::Forward { why, collapsed: false, kept: Kept::Not(NotStored::Bypass) };
        self.cache.inner().observer.decided(&self.set.handler.subject, &outcome);
        value.map(Arc::new)
    }

    async fn fill<E, F, C>(&self, looked: Result<Response, Box<Key>>, options: ValueOptions, compute: F) -> Result<Arc<T>, NoValue<E>>
    where
        E: Send + 'static,
        F: FnOnce() -> C + Send + 'static,
        C: Future<Output = Result<T, E>> + Send + 'static,
    {
        let key = match looked {
            // From memory, which has the value itself.
            Ok(response) => return Ok(Self::in_answer(&response)),
            Err(key) => key,
        };
        let mut miss = self.miss(key);
        options.apply(&mut miss);
        let keeping = self.keeping();
        let made = async move {
            match compute().await {
                Ok(value) => respond(value, &options, keeping),
                Err(error) => failed(error),
            }
        };
        let made = Lent::new(made);
        let response = unless_ended(serve::respond(miss, |_| run_in_its_own_task(made.clone()))).await?;
        let response = response_or_error(response).map_err(NoValue::Failed)?;
        if let Some(value) = Self::in_response(&response) {
            return Ok(value);
        }
        // If the runtime is shutting down, the computing task is gone, but its caller may be alive.
        let response = response_or_error(unless_ended(made).await?).map_err(NoValue::Failed)?;
        Ok(Self::in_answer(&response))
    }

    /// The value in an answer, which always has one.
    fn in_answer(response: &Response) -> Arc<T> {
        Self::in_response(response).unwrap_or_else(|| resume_unwind(Box::new("an answer of a value's own has none")))
    }
}
