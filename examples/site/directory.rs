//! The directory: its Markdown files, and the edits of them that this process keeps in memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use serde::Serialize;

use super::{Failure, markdown};

/// Markdown files below a directory, and edits on top of them. A handle: clones are the same directory.
#[derive(Debug, Clone)]
pub struct Directory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    title: String,
    edits: RwLock<BTreeMap<String, Arc<str>>>,
}

/// A page in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its path below the directory, with `/` between the parts: `docs/start.md`.
    pub name: String,
    /// Its first heading, or else its name.
    pub title: String,
    /// The length of its text.
    pub bytes: usize,
}

/// The lines of a page in which a text was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) lines: Vec<String>,
}

impl Directory {
    /// The longest text that [`edit`](Self::edit) is given, in bytes.
    pub const LONGEST_EDIT: usize = 256 << 10;

    /// Opens a directory; fails if it does not exist.
    pub fn open(root: impl AsRef<Path>) -> io::Result<Self> {
        let root = fs::canonicalize(root)?;
        if !root.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let title = root.file_name().map_or_else(|| "Pages".to_owned(), |name| name.to_string_lossy().into_owned());
        Ok(Self(Arc::new(Inner { root, title, edits: RwLock::default() })))
    }

    /// The path of the directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.0.root
    }

    /// What to call it.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.0.title
    }

    /// The text of a page: as it was edited, or else from its file.
    pub fn read(&self, name: &str) -> Result<String, Failure> {
        if !is_name_of_a_page(name) {
            return Err(Failure::NoSuchPage);
        }
        let edits = self.0.edits.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = edits.get(name) {
            return Ok(text.to_string());
        }
        drop(edits);
        self.read_file(name)
    }

    /// Replaces the text of a page, in memory.
    pub fn edit(&self, name: String, text: String) -> Result<(), Failure> {
        if !is_name_of_a_page(&name) {
            return Err(Failure::BadName);
        }
        let mut edits = self.0.edits.write().unwrap_or_else(PoisonError::into_inner);
        if edits.len() >= MOST_EDITS && !edits.contains_key(&name) {
            return Err(Failure::TooManyEdits);
        }
        edits.insert(name, text.into());
        Ok(())
    }

    /// All pages, by name.
    pub fn entries(&self) -> Result<Vec<Entry>, Failure> {
        let entry = |(name, text): (String, String)| {
            let title = markdown::title(&text).unwrap_or_else(|| name.clone());
            Entry { name, title, bytes: text.len() }
        };
        Ok(self.texts()?.map(entry).collect())
    }

    /// The lines in which `sought` occurs, letters of either case taken for one.
    pub(super) fn find(&self, sought: &str) -> Result<Vec<Found>, Failure> {
        let sought = sought.trim().to_ascii_lowercase();
        if sought.is_empty() {
            return Ok(Vec::new());
        }
        let pages = self.texts()?.map(|(name, text)| {
            let lines = text.lines().filter(|line| line.to_ascii_lowercase().contains(&sought));
            Found { name, lines: lines.take(MOST_LINES).map(|line| line.trim().to_owned()).collect() }
        });
        Ok(pages.filter(|found| !found.lines.is_empty()).collect())
    }

    /// The shortest page that has a heading: its answer fits on a screen.
    #[must_use]
    pub fn shortest(&self) -> Option<String> {
        let titled = self.texts().ok()?.filter(|(_, text)| markdown::title(text).is_some());
        titled.min_by_key(|(_, text)| text.len()).map(|(name, _)| name)
    }

    /// Name and text of each page, files that vanish meanwhile left out.
    fn texts(&self) -> io::Result<impl Iterator<Item = (String, String)>> {
        let mut names = BTreeSet::new();
        collect(&self.0.root, "", &mut names)?;
        names.extend(self.0.edits.read().unwrap_or_else(PoisonError::into_inner).keys().cloned());
        Ok(names.into_iter().filter_map(|name| {
            let text = self.read(&name).ok()?;
            Some((name, text))
        }))
    }

    fn read_file(&self, name: &str) -> Result<String, Failure> {
        // A link may lead out of the directory, whatever the name says.
        let path = fs::canonicalize(self.0.root.join(name)).map_err(missing)?;
        if !path.starts_with(&self.0.root) || !path.is_file() {
            return Err(Failure::NoSuchPage);
        }
        let mut bytes = Vec::new();
        let read = fs::File::open(path).map_err(missing)?.take(LONGEST_FILE + 1).read_to_end(&mut bytes)?;
        if read as u64 > LONGEST_FILE {
            return Err(Failure::NoSuchPage);
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Whether a page can have this name: parts between `/`, none of them hidden, `..` or something that a system gives a
/// meaning to, and `.md` at the end.
fn is_name_of_a_page(name: &str) -> bool {
    let has_meaning = |c: char| c.is_control() || matches!(c, '\\' | ':');
    let is_part = |part: &str| !part.is_empty() && !part.starts_with('.');
    name.len() <= LONGEST_NAME && name.strip_suffix(".md").is_some_and(|stem| !stem.contains(has_meaning) && stem.split('/').all(is_part))
}

/// Adds the names of the pages below `directory`, which is called `prefix`. Links are not followed, so it ends.
fn collect(directory: &Path, prefix: &str, names: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        // A file whose name is not text cannot be asked for.
        let Ok(name) = entry.file_name().into_string() else { continue };
        if names.len() >= MOST_PAGES || name.starts_with('.') || NOT_DOCUMENTS.contains(&name.as_str()) {
            continue;
        }
        let kind = entry.file_type()?;
        let name = format!("{prefix}{name}");
        if kind.is_file() && is_name_of_a_page(&name) {
            names.insert(name);
        } else if kind.is_dir() && name.len() < LONGEST_NAME {
            // One that may not be read is not a reason to show nothing.
            _ = collect(&entry.path(), &format!("{name}/"), names);
        }
    }
    Ok(())
}

fn missing(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidInput | io::ErrorKind::InvalidFilename => {
            Failure::NoSuchPage
        }
        _ => error.into(),
    }
}

/// Directories that hold other people's files.
const NOT_DOCUMENTS: [&str; 2] = ["node_modules", "target"];
const LONGEST_FILE: u64 = 1 << 20;
/// Within 256 bytes, the longest name of a group, after `page:`.
const LONGEST_NAME: usize = 200;
const MOST_PAGES: usize = 10_000;
const MOST_EDITS: usize = 100;
/// Lines shown of one page.
const MOST_LINES: usize = 5;
