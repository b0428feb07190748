//! Mistakes in the settings of a builder: names that are taken, and the mistakes of each backend.

use super::{CacheBuilder, MEMORY, built_in::BUILT_IN};
use crate::handler::{self, Handler, tiers};

impl CacheBuilder {
    pub(super) fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        for (at, (name, _)) in self.backends.iter().enumerate() {
            if name == MEMORY {
                complaints.push("the name `memory` is taken by the built-in backend; give yours another".to_owned());
            } else if let (true, far) = tiers(name) {
                complaints.push(format!("`{name}` stands for copies in memory in front of the backend `{far}`; give yours another name"));
            } else if self.backends.iter().take(at).any(|(earlier, _)| earlier == name) {
                complaints.push(format!("two backends are named `{name}`; rename one"));
            }
        }
        complaints.extend(BUILT_IN.iter().flat_map(|row| (row.complaints)(self)));
        complaints.extend(self.complaints_of_limits());
        complaints.extend(namesakes());
        complaints.extend(self.policy.complaint_of_defaults());
        complaints
    }
}

/// Complaints about handlers with the same name from their policies.
fn namesakes() -> Vec<String> {
    let (mut first, mut complaints) = (Vec::<&Handler>::new(), Vec::new());
    for handler in handler::all() {
        let Some(name) = handler.policy.name else { continue };
        let place = |handler: &Handler| (handler.site.file, handler.site.line, handler.site.column);
        match first.iter().find(|other| other.policy.name == Some(name)) {
            Some(other) if place(other) != place(handler) => complaints
                .push(format!("`{}` and `{}` are both named `{name}`; rename one in its `Policy`", other.site.name, handler.site.name)),
            Some(_) => {}
            None => first.push(handler),
        }
    }
    complaints
}
