//! Mistakes in the settings of a layer or a policy, which no attribute checks at compile time.

use super::{Handler, Site, info::HandlerInfo};
use crate::rules::{
    client::CacheControlSetting,
    mistakes::{mistake_in_cache_control, mistake_in_vary},
};

impl Handler {
    /// The first mistake, with what to type.
    pub(crate) fn mistake(&self) -> Option<String> {
        let Site { name, file, line, .. } = self.site;
        let mistake = first_mistake(self.fields(), self.attributes.cache_control);
        mistake.map(|mistake| format!("`{name}` ({file}:{line}): {mistake}"))
    }
}

impl HandlerInfo {
    /// The first mistake in the [`Policy`](crate::Policy) or the settings of a layer, with what to type instead: a misspelt
    /// directive in `cache_control`, a field in `vary` that no request has.
    ///
    /// [`Cache::install`](crate::Cache::install) refuses such a handler, and the cache that the process makes by default reports it
    /// in the log. A program in which only routers have a cache, `.layer(Extension(cache))`, does neither: check it in a test.
    ///
    /// Not for the arguments of an attribute, which are checked at compile time.
    ///
    /// ```
    /// # use cached_handler::{Policy, cached};
    /// const FORGETFUL: Policy = Policy::new().cache_control("maxage=60");
    ///
    /// #[cached(ttl = 60, policy = FORGETFUL)]
    /// async fn hello() -> &'static str { "hello" }
    ///
    /// # fn main() {
    /// let handlers = cached_handler::handlers();
    /// let mistakes: Vec<_> = handlers.iter().filter_map(|handler| handler.mistake()).collect();
    /// assert!(mistakes[0].contains("type `max-age`"));
    /// # }
    /// ```
    #[must_use]
    pub fn mistake(&self) -> Option<String> {
        first_mistake(self.vary, self.cache_control.map_or(CacheControlSetting::Default, CacheControlSetting::Is))
    }
}

fn first_mistake(fields: &[&str], cache_control: CacheControlSetting) -> Option<String> {
    mistake_in_vary(fields).or_else(|| match cache_control {
        CacheControlSetting::Is(directives) => mistake_in_cache_control(directives),
        _ => None,
    })
}
