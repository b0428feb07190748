//! The laws of a backend, on a directory of this test's own.

use std::path::Path;

use super::*;
use crate::backend::conformance;

fn fs(name: &str, set: impl FnOnce(&mut Settings)) -> Fs {
    let directory = std::env::temp_dir().join(format!("cached-handler-{}-{name}", std::process::id()));
    _ = std::fs::remove_dir_all(&directory);
    let mut settings = Settings::new(directory, "tests", 1 << 30, false, Clock::System);
    set(&mut settings);
    Fs::new(settings)
}

/// Removes a test's directory when the test is over.
struct Removed<'a>(&'a Path);

impl Drop for Removed<'_> {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(self.0);
    }
}

#[tokio::test]
async fn files_keep_the_laws_of_a_store_and_of_epochs() {
    for durable in [false, true] {
        let fs = fs(&format!("laws-{durable}"), |settings| settings.durable = durable);
        let _removed = Removed(&fs.shared.settings.directory);
        conformance::store(&fs).await;
        conformance::epochs(&fs).await;
    }
}
