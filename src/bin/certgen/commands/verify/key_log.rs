//! The file for the secrets of TLS sessions: for its owner's eyes only.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use certgen::finding::{Code, Remedy};

use crate::failure::Failure;
use crate::present;

/// Opens the file to append to it, as Wireshark reads it; never through a link.
///
/// Standard output takes the secrets only beside a report for people: programs would choke on them.
pub(super) fn open(path: &Path, is_for_people: bool) -> Result<Box<dyn Write + Send>, Failure> {
    if path == Path::new("-") {
        if !is_for_people {
            let cause = "--keylog - would put the secrets of TLS into a report that programs read";
            return Err(Failure::new(Code::Usage, cause)
                .with_remedy(Remedy::text("name a file for the secrets")));
        }
        return Ok(Box::new(std::io::stdout()));
    }
    let shown = format!("`{}`", path.display());
    if path.is_symlink() {
        let cause = format!("{shown} is a link, and the secrets of TLS are written through none");
        return Err(Failure::new(Code::CannotWrite, cause)
            .with_remedy(Remedy::text("name the file itself, or another path")));
    }
    let file = open_file(path).map_err(|error| Failure::cannot_write(&shown, &error))?;
    present::warn(&format!(
        "whoever reads {shown} can decrypt what this check sends and receives"
    ));
    Ok(Box::new(file))
}

#[cfg(unix)]
fn open_file(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    let flags = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .custom_flags(flags)
        .open(path)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    Ok(file)
}

#[cfg(not(unix))]
fn open_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}
