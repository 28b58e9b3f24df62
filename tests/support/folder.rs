//! A folder that vanishes with the test.

use std::path::PathBuf;

/// The folder; its path is public.
pub struct Folder(pub PathBuf);

impl Folder {
    /// A new one, of this name within the process.
    pub fn new(name: &str) -> Self {
        let file = std::env::current_exe().unwrap();
        let test = file.file_stem().unwrap().to_string_lossy().into_owned();
        let path = std::env::temp_dir().join(format!("oauthtrace-{test}-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
