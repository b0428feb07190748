//! What is wrong with what a layer or a policy says, which no attribute has checked.

use super::{Handler, Site, info::HandlerInfo};
use crate::rules::{
    client::CacheControlSetting,
    said::{mistake_in_cache_control, mistake_in_vary},
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
    /// What cannot be meant in a [`Policy`](crate::Policy), or in the words of a layer, with what to type: a slip in
    /// `cache_control`, a name in `vary` that no request has. The first one, if there are several.
    ///
    /// [`Cache::install`](crate::Cache::install) refuses such a handler, and the cache that the process makes by itself reports it in
    /// the log. A program in which only routers have a cache, `.layer(Extension(cache))`, does neither: let a test of yours ask.
    ///
    /// Not for what an attribute says itself, which the compiler has checked.
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
