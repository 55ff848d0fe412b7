//! The files themselves. Blocking; whoever holds the [`Folder`] is alone with its files.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use toran_store::NewTask;
use tracing::error;

use crate::{
    SpoolError,
    document::{self, MAX_BYTES, Unreadable, decode, file_name},
};

const LOCK: &str = "lock";
const PROBE: &str = "probe.tmp";
const UNREADABLE: &str = "unreadable";
const ENDING: &str = ".json";
/// Ends the name of a file that is being written. Nobody was told that its request is kept.
const UNFINISHED: &str = ".json.tmp";
const WRITING: &str = ".tmp";

/// The folder, taken for this process.
#[derive(Debug)]
pub(crate) struct Folder {
    path: Arc<Path>,
    /// How many requests wait.
    files: usize,
    /// Locked until this is dropped, or the process ends in whatever way.
    lock: File,
}

/// What became of a request's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removal {
    Removed,
    /// It was not there.
    Missing,
    /// Another request stands in its place.
    Replaced,
}

impl Folder {
    pub(crate) fn open(folder: &Path) -> Result<Self, SpoolError> {
        let unusable = |source| SpoolError::Folder {
            folder: folder.to_owned(),
            source,
        };
        make(folder).map_err(unusable)?;
        let lock = private().truncate(false).open(folder.join(LOCK));
        let lock = lock.map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(SpoolError::InUse {
                    folder: folder.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        let mut opened = Self {
            path: folder.into(),
            files: 0,
            lock,
        };
        opened.prepare().map_err(unusable)?;
        Ok(opened)
    }

    /// Fails where nothing can be written, and clears away what a crash left unfinished.
    fn prepare(&mut self) -> io::Result<()> {
        let probe = self.path.join(PROBE);
        private().open(&probe)?.sync_all()?;
        fs::remove_file(&probe)?;
        for name in names(&self.path, UNFINISHED)? {
            fs::remove_file(self.path.join(name))?;
        }
        self.files = names(&self.path, ENDING)?.len();
        sync_folder(&self.path)
    }

    pub(crate) fn path(&self) -> Arc<Path> {
        Arc::clone(&self.path)
    }

    /// How many requests wait.
    pub(crate) const fn files(&self) -> usize {
        self.files
    }

    /// The files that wait, in no order.
    pub(crate) fn waiting(&mut self) -> Result<Vec<String>, SpoolError> {
        let names = names(&self.path, ENDING).map_err(|source| SpoolError::Folder {
            folder: self.path.to_path_buf(),
            source,
        })?;
        // Whoever repairs a file moves it in by hand.
        self.files = names.len();
        Ok(names)
    }

    /// Makes a request durable. Of a newer one of its call and kind that is there, only its words stand in front.
    pub(crate) fn keep(&mut self, task: &NewTask, limit: usize) -> Result<(), SpoolError> {
        let name = file_name(task);
        let path = self.path.join(&name);
        let failed = |source| failed(&path, source);
        let (kept, is_first) = match read(&self.path, &name).map_err(failed)? {
            None => (task.clone(), true),
            Some(Ok(there)) if there.noted_at > task.noted_at => {
                let joined = there.clone().after(task.words.as_ref());
                if joined == there {
                    // Its own flush may have failed, and then its caller was not told that it is kept.
                    return sync_folder(&self.path).map_err(failed);
                }
                (joined, false)
            }
            Some(Ok(there)) => (task.clone().after(there.words.as_ref()), false),
            Some(Err(reason)) => {
                self.set_aside(&name, reason)?;
                (task.clone(), true)
            }
        };
        if is_first && self.files >= limit {
            return Err(SpoolError::Full { limit });
        }
        let bytes = document::encode(&kept)?;
        let unfinished = self.path.join(format!("{name}{WRITING}"));
        if let Err(source) =
            write(&unfinished, &bytes).and_then(|()| fs::rename(&unfinished, &path))
        {
            // Best effort: it is overwritten by the next request of this call, and cleared away at the next start.
            let _ = fs::remove_file(&unfinished);
            return Err(failed(source));
        }
        self.files += usize::from(is_first);
        sync_folder(&self.path).map_err(failed)
    }

    /// Removes the file of a request that needs to be kept no longer, unless another request took its place.
    ///
    /// Not flushed: a file that comes back with a crash is brought to the store once more, which knows it.
    pub(crate) fn remove(&mut self, task: &NewTask) -> Result<Removal, SpoolError> {
        let name = file_name(task);
        let path = self.path.join(&name);
        let failed = |source| failed(&path, source);
        match read(&self.path, &name).map_err(failed)? {
            None => Ok(Removal::Missing),
            Some(Ok(there)) if there == *task => {
                fs::remove_file(&path).map_err(failed)?;
                self.files = self.files.saturating_sub(1);
                Ok(Removal::Removed)
            }
            Some(_) => Ok(Removal::Replaced),
        }
    }

    /// Sets a file aside if it still cannot be read.
    pub(crate) fn set_aside_unreadable(&mut self, name: &str) -> Result<bool, SpoolError> {
        let found = read(&self.path, name);
        match found.map_err(|source| failed(&self.path.join(name), source))? {
            Some(Err(reason)) => self.set_aside(name, reason).map(|()| true),
            Some(Ok(_)) | None => Ok(false),
        }
    }

    fn set_aside(&mut self, name: &str, reason: Unreadable) -> Result<(), SpoolError> {
        let path = self.path.join(name);
        let failed = |source| failed(&path, source);
        let aside = self.path.join(UNREADABLE);
        make(&aside).map_err(failed)?;
        // A rename would replace what was set aside earlier under the same name.
        let mut to = aside.join(name);
        let mut number = 0_u32;
        while to.try_exists().map_err(failed)? {
            number += 1;
            to = aside.join(format!("{name}.{number}"));
        }
        fs::rename(&path, &to).map_err(failed)?;
        self.files = self.files.saturating_sub(1);
        error!(
            file = %to.display(),
            error = &reason as &dyn std::error::Error,
            "a kept request cannot be read and was set aside: repair the file and move it back, or call the lead"
        );
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // To close the file is not enough while a child process that was just forked still has a copy of it.
        // If it fails, the next one to open the folder says so.
        let _ = self.lock.unlock();
    }
}

/// Reads a request. `None` if there is no such file.
pub(crate) fn read(folder: &Path, name: &str) -> io::Result<Option<Result<NewTask, Unreadable>>> {
    let file = match File::open(folder.join(name)) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    let too_long = MAX_BYTES as u64 + 1;
    file.take(too_long).read_to_end(&mut bytes)?;
    let task = decode(&bytes).and_then(|task| {
        // Or a call's newer request would not find it, and it would not be found to be removed.
        if file_name(&task) == name {
            Ok(task)
        } else {
            Err(Unreadable::Misnamed)
        }
    });
    Ok(Some(task))
}

fn failed(path: &Path, source: io::Error) -> SpoolError {
    SpoolError::File {
        path: path.to_owned(),
        source,
    }
}

/// The plain files of a folder whose names have this ending. What is not Unicode was not written here.
fn names(folder: &Path, ending: &str) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if name.ends_with(ending) && entry.file_type()?.is_file() {
            names.push(name);
        }
    }
    Ok(names)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private().truncate(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes a folder and whatever is missing above it, durably.
fn make(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = folder
        .ancestors()
        .take_while(|ancestor| !ancestor.as_os_str().is_empty() && !ancestor.exists())
        .collect();
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)?;
    for parent in missing.into_iter().filter_map(Path::parent) {
        sync_folder(parent)?;
    }
    Ok(())
}

/// Opens for writing, for nobody else's eyes.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

/// Makes what was renamed or made in a folder durable. Elsewhere than on unix, a folder cannot be flushed.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let here = PathBuf::from(".");
    let is_here = folder.as_os_str().is_empty();
    File::open(if is_here { &here } else { folder })?.sync_all()
}
