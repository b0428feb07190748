//! What a hit from a file asks of the system, done by hand, for comparison.

use std::{os::unix::fs::FileExt, path::Path};

/// The calls of a hit, without what this crate does with their outcome.
pub(super) struct ByHand {
    response: std::fs::File,
    table: std::fs::File,
    length: usize,
}

impl ByHand {
    pub(super) fn of(file: &Path, directory: &Path) -> Self {
        let response = std::fs::File::open(file).expect("a file");
        let homes = std::fs::read_dir(directory.join("cache")).into_iter().flatten().flatten();
        let table = homes.map(|home| home.path().join("table")).find(|table| table.is_file()).expect("a table of epochs");
        let length = response.metadata().expect("a length").len() as usize;
        Self { response, table: std::fs::File::open(table).expect("a table of epochs"), length }
    }

    /// Opens the file, asks for its length, reads and closes it; then looks at the epochs.
    pub(super) fn opens_and_reads(&self, file: &Path) {
        let file = std::fs::File::open(file).expect("a file");
        self.read(&file);
    }

    pub(super) fn reads_what_is_open(&self) {
        self.read(&self.response);
    }

    fn read(&self, response: &std::fs::File) {
        for (file, length) in [(response, self.length), (&self.table, 128)] {
            assert!(file.metadata().is_ok());
            let mut bytes = vec![0; length];
            file.read_exact_at(&mut bytes, 0).expect("as many bytes");
            std::hint::black_box(&bytes);
        }
    }
}
