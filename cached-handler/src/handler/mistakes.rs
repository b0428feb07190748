//! What is wrong with what a layer or a policy says, which no attribute has checked.

use super::{Handler, Site};
use crate::rules::{
    client::CacheControlSetting,
    said::{mistake_in_cache_control, mistake_in_vary},
};

impl Handler {
    /// The first mistake, with what to type.
    pub(crate) fn mistake(&self) -> Option<String> {
        let mistake = mistake_in_vary(self.fields()).or_else(|| match self.attributes.cache_control {
            CacheControlSetting::Is(directives) => mistake_in_cache_control(directives),
            _ => None,
        });
        let Site { name, file, line, .. } = self.site;
        mistake.map(|mistake| format!("`{name}` ({file}:{line}): {mistake}"))
    }
}
