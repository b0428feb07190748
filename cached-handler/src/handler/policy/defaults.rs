//! Combines a handler's own policy with the defaults of its cache, setting by setting.

use super::Policy;
use crate::rules::{client::CacheControlSetting, mistakes};

/// A setting, as a bit.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub(super) enum Setting {
    MaxBody = 1,
    ETag = 1 << 1,
    Collapse = 1 << 2,
    RequestDirectives = 1 << 3,
    Jitter = 1 << 4,
    Timeout = 1 << 5,
    MaxWait = 1 << 6,
    Heuristic = 1 << 7,
    CookiesByVary = 1 << 8,
    TargetedFields = 1 << 9,
    ByMeaning = 1 << 10,
    CacheControl = 1 << 11,
    OnlyOk = 1 << 12,
    KeepOwnPath = 1 << 13,
}

impl Policy {
    /// This policy's settings, and those of `defaults` for all that it does not make. Name and version are its own, and its statuses
    /// take precedence.
    pub(crate) fn over(&self, defaults: &Self) -> Self {
        let is_own = |setting: Setting| self.made & setting as u32 != 0;
        let of = |setting| if is_own(setting) { self } else { defaults };
        let mut statuses = self.statuses;
        let further = defaults.statuses.iter().flatten().filter(|(status, _)| !self.names_status(*status));
        // There is room for the statuses of both.
        for (place, status) in statuses.iter_mut().filter(|place| place.is_none()).zip(further) {
            *place = Some(*status);
        }
        Self {
            name: self.name,
            version: self.version,
            max_body: of(Setting::MaxBody).max_body,
            statuses,
            etag: of(Setting::ETag).etag,
            collapse: of(Setting::Collapse).collapse,
            honor_request_directives: of(Setting::RequestDirectives).honor_request_directives,
            jitter: of(Setting::Jitter).jitter,
            timeout: of(Setting::Timeout).timeout,
            max_wait: of(Setting::MaxWait).max_wait,
            heuristic: of(Setting::Heuristic).heuristic,
            cookies_by_vary: of(Setting::CookiesByVary).cookies_by_vary,
            targeted_fields: of(Setting::TargetedFields).targeted_fields,
            by_meaning: of(Setting::ByMeaning).by_meaning,
            cache_control: of(Setting::CacheControl).cache_control,
            only_ok: of(Setting::OnlyOk).only_ok,
            keep_own_path: of(Setting::KeepOwnPath).keep_own_path,
            made: self.made | defaults.made,
        }
    }

    fn names_status(&self, status: u16) -> bool {
        self.statuses.iter().flatten().any(|(named, _)| *named == status)
    }

    /// What is wrong with this policy as the default of all handlers.
    pub(crate) fn complaint_of_defaults(&self) -> Option<String> {
        match (self.name, self.version) {
            (Some(_), _) => Some("the policy of a cache has no name: it would be that of every handler; remove `.name(…)`".to_owned()),
            (None, 1..) => {
                Some("the policy of a cache has no version; to forget all that is stored, type another `.namespace(…)`".to_owned())
            }
            (None, 0) => match self.cache_control {
                CacheControlSetting::Is(directives) => mistakes::mistake_in_cache_control(directives),
                _ => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Collapse, ETag,
        handler::policy::{MOST_STATUSES, secs},
    };

    const ALL: Policy = Policy::new()
        .max_body(7)
        .status(404, secs(5))
        .status(410, secs(6))
        .etag(ETag::Weak)
        .collapse(Collapse::Inline)
        .honor_request_directives()
        .jitter(0)
        .timeout(secs(1))
        .max_wait(secs(2))
        .heuristic()
        .cookies_by_vary()
        .targeted_fields(&["surrogate-control"])
        .vary_by_meaning(&["accept"])
        .cache_control("no-store")
        .only_ok()
        .keep_own_path();

    #[test]
    fn the_defaults_apply_to_settings_that_a_handler_does_not_make() {
        assert_eq!(Policy::new().over(&ALL), ALL);
        let named = Policy::new().name("n").version(3).over(&ALL);
        assert_eq!((named.name, named.version, named.max_body), (Some("n"), 3, 7));
        assert_eq!(Policy::new().over(&Policy::new()), Policy::new());
    }

    #[test]
    fn a_handlers_setting_wins_even_if_it_equals_the_crates_default() {
        let own = Policy::new().max_body(1 << 20).etag(ETag::Auto).collapse(Collapse::Detached).jitter(5).max_wait(secs(5));
        let own = own.targeted_fields(&[]).vary_by_meaning(&[]).without_cache_control().status(404, secs(9)).status(302, secs(1));
        let both = own.over(&ALL);
        assert_eq!((both.max_body, both.etag, both.collapse, both.jitter), (1 << 20, ETag::Auto, Collapse::Detached, 5));
        assert_eq!((both.max_wait, both.targeted_fields.len(), both.by_meaning.len()), (secs(5), 0, 0));
        assert_eq!(both.cache_control, CacheControlSetting::Untouched);
        assert_eq!(both.timeout, Some(secs(1)), "not said");
        let statuses: Vec<_> = both.statuses.iter().flatten().copied().collect();
        assert_eq!(statuses, [(404, secs(9)), (302, secs(1)), (410, secs(6))]);
    }

    #[test]
    fn there_is_room_for_the_statuses_of_both() {
        let of = |statuses: std::ops::Range<u16>| statuses.fold(Policy::new(), |policy, status| policy.status(status, secs(1)));
        let both = of(300..304).status(307, secs(1)).status(308, secs(1)).status(404, secs(1)).status(410, secs(1));
        let both = both.over(&of(201..206).status(226, secs(1)).status(405 - 1, secs(2)).status(305, secs(1)));
        assert_eq!(both.statuses.iter().flatten().count(), 2 * MOST_STATUSES - 1);
        assert_eq!(both.ttl_of(http::StatusCode::NOT_FOUND), Some(secs(1)));
    }
}
