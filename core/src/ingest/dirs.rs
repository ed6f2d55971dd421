//! Folders that this program writes to (caches, stores), by their handles: no name in them is followed anywhere else.

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fd::OwnedFd;
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

const TEMPORARY: &str = ".tmp-";
const FOLDER_MODE: Mode = Mode::RWXU;
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);

/// An open folder.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    handle: Arc<OwnedFd>,
    path: PathBuf,
}

impl Folder {
    /// The folder of a path, made with all above it when it is not there.
    pub(crate) fn at(path: &Path) -> io::Result<Folder> {
        std::fs::DirBuilder::new().recursive(true).mode(FOLDER_MODE.bits()).create(path)?;
        let handle = fs::open(path, flags(OFlags::RDONLY | OFlags::DIRECTORY), Mode::empty())
            .map_err(|error| unlinked(error, std::fs::symlink_metadata(path).is_ok_and(|kind| kind.is_symlink())))?;
        let mode = Mode::from_raw_mode(fs::fstat(&handle)?.st_mode);
        if mode.contains(Mode::WOTH) && !mode.contains(Mode::SVTX) {
            return Err(io::Error::other("anyone may write here; take a folder of your own, or `chmod o-w` it"));
        }
        Ok(Folder { handle: Arc::new(handle), path: path.to_path_buf() })
    }

    /// A folder in this one, for its owner alone.
    pub(crate) fn inner(&self, name: &str) -> io::Result<Folder> {
        match fs::mkdirat(&self.handle, name, FOLDER_MODE) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        let handle = self.open(name, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let stat = fs::fstat(&handle)?;
        if stat.st_uid != rustix::process::geteuid().as_raw() {
            return Err(io::Error::other("it belongs to another user; take a folder of your own"));
        }
        if Mode::from_raw_mode(stat.st_mode) != FOLDER_MODE {
            fs::fchmod(&handle, FOLDER_MODE)?;
        }
        Ok(Folder { handle: Arc::new(handle), path: self.path.join(name) })
    }

    /// The path of a name in it.
    pub(crate) fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn open(&self, name: &str, access: OFlags) -> io::Result<OwnedFd> {
        fs::openat(&self.handle, name, flags(access), Mode::empty()).map_err(|error| {
            let stat = fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW);
            unlinked(error, stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink))
        })
    }

    /// The size of a file; nothing when there is none.
    pub(crate) fn size(&self, name: &str) -> io::Result<Option<u64>> {
        let stat = match fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok(Some(stat.st_size as u64)),
            FileType::Symlink => Err(linked()),
            _ => Err(io::Error::other("this is no file; remove it")),
        }
    }

    /// The bytes of a file, up to a limit; nothing when there is none.
    pub(crate) fn read(&self, name: &str, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
        if self.size(name)?.is_none() {
            return Ok(None);
        }
        let handle = match self.open(name, OFlags::RDONLY | OFlags::NONBLOCK) {
            Ok(handle) => handle,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        File::from(handle).take(bytes_max).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// The names in it, temporary files left out, sorted.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::Dir::read_from(&self.handle)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name != "." && name != ".." && !name.starts_with(TEMPORARY) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// A file, opened to be read; nothing when there is none.
    pub(crate) fn file(&self, name: &str) -> io::Result<Option<File>> {
        if self.size(name)?.is_none() {
            return Ok(None);
        }
        match self.open(name, OFlags::RDONLY | OFlags::NONBLOCK) {
            Ok(handle) => Ok(Some(File::from(handle))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A new file without a lasting name yet. Its lock tells that its writer lives.
    pub(crate) fn temporary(&self) -> io::Result<Temporary> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("{TEMPORARY}{}-{count}-{:016x}", std::process::id(), fastrand::u64(..));
            let access = flags(OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL);
            let file = match fs::openat(&self.handle, name.as_str(), access, FILE_MODE) {
                Ok(handle) => File::from(handle),
                Err(Errno::EXIST) => continue,
                Err(error) => return Err(error.into()),
            };
            file.lock()?;
            // Another process may have swept it away before it was locked.
            if fs::fstat(&file)?.st_nlink > 0 {
                return Ok(Temporary { folder: self.clone(), name, file, named: false });
            }
        }
    }

    /// Removes what writers left behind that are gone: their locks went with them.
    pub(crate) fn sweep(&self) -> io::Result<()> {
        for entry in fs::Dir::read_from(&self.handle)? {
            let entry = entry?;
            let Some(name) = temporary_name(entry.file_name()) else { continue };
            let Ok(handle) = self.open(name, OFlags::RDWR | OFlags::NONBLOCK) else { continue };
            if File::from(handle.try_clone()?).try_lock().is_ok() {
                self.remove(name)?;
            }
        }
        Ok(())
    }

    /// Removes a name, if it is there.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        match fs::unlinkat(&self.handle, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn flags(access: OFlags) -> OFlags {
    access | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

fn linked() -> io::Error {
    io::Error::other("this is a symbolic link, and none is followed here; remove it")
}

/// What not following a link is reported as depends on the system.
fn unlinked(error: Errno, is_link: bool) -> io::Error {
    if is_link { linked() } else { error.into() }
}

fn temporary_name(name: &CStr) -> Option<&str> {
    name.to_str().ok().filter(|name| name.starts_with(TEMPORARY))
}

/// A file that is removed again unless it gets a lasting name.
#[derive(Debug)]
pub(crate) struct Temporary {
    folder: Folder,
    name: String,
    file: File,
    named: bool,
}

impl Temporary {
    #[cfg(any(feature = "s3", test))]
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path_of(&self.name)
    }

    /// Gives it its name, in place of what had it before. After a crash, the name leads to all of its bytes or to
    /// none of them.
    pub(crate) fn rename(mut self, name: &str) -> io::Result<()> {
        self.file.sync_all()?;
        fs::renameat(&self.folder.handle, self.name.as_str(), &self.folder.handle, name)?;
        self.named = true;
        fs::fsync(&self.folder.handle)?;
        Ok(())
    }
}

impl Write for Temporary {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.named {
            // It is swept away later if it stays.
            let _ = self.folder.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_writer_left_is_swept_away_and_what_a_living_one_writes_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::at(dir.path()).unwrap().inner("objects").unwrap();
        std::fs::write(dir.path().join("objects/.tmp-1-1-dead"), "half").unwrap();
        let mut living = folder.temporary().unwrap();
        living.write_all(b"whole").unwrap();
        folder.sweep().unwrap();
        assert!(!dir.path().join("objects/.tmp-1-1-dead").exists());
        assert!(living.path().exists());
        living.rename("done").unwrap();
        assert_eq!(folder.read("done", 100).unwrap().as_deref(), Some(&b"whole"[..]));
        drop(folder.temporary().unwrap());
        assert_eq!(std::fs::read_dir(dir.path().join("objects")).unwrap().count(), 1);
    }
}
