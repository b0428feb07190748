//! Programs that are measured, built for speed, as users build.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::Command,
    sync::{Mutex, PoisonError},
};

/// Builds a program of a package, with these features of the package, and says where it is.
pub fn for_speed(package: &str, program: &str, features: &str) -> PathBuf {
    static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    // One at a time, and each once.
    let mut all = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let name = format!("{program}-with-{features}");
    if let Some(built) = all.get(&name) {
        return built.clone();
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--profile", "bench", "--package", package, "--bin", program, "--features", features])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let stdout = String::from_utf8(output.stdout).expect("JSON");
    let executable = stdout.lines().filter_map(|line| line.split_once("\"executable\":\"")).next_back().expect("a program").1;
    let built = PathBuf::from(executable.split('"').next().unwrap_or_default());
    // Under a name of its own: the next build, with other features, takes the same place. Renamed, as another test may
    // have begun to run what is there.
    let named = built.with_file_name(&name);
    let copy = named.with_extension("new");
    std::fs::copy(built, &copy).expect("a copy");
    std::fs::rename(copy, &named).expect("a name");
    all.insert(name, named.clone());
    named
}
