//! Where the stores go: paths, what may be replaced, and the writing of all or none.

use std::io;
use std::path::{Path, PathBuf};

use certgen::bundle::Output;
use certgen::finding::{Action, Code, Finding, Remedy};
use certgen::keystore::Format;
use certgen::store::{Access, FileSet, PkiFolder};

use super::Arguments;
use super::report::Report;
use super::source::Source;
use crate::context::Context;
use crate::failure::Failure;
use crate::present;

/// One file to write.
pub(super) struct Destination {
    /// The index of the source that it is made from.
    pub(super) source: usize,
    /// `None` is standard output.
    pub(super) path: Option<PathBuf>,
    pub(super) output: Output,
}

impl Destination {
    /// Every file that will be written.
    pub(super) fn all(
        arguments: &Arguments,
        context: &Context,
        sources: &[Source],
        outputs: &[Output],
    ) -> Result<Vec<Self>, Failure> {
        if arguments.out.is_some() && outputs.len() > 1 {
            let formats: Vec<_> = outputs.iter().map(|o| o.format.extension()).collect();
            let cause = format!(
                "--out is one file, and several formats suit ({})",
                formats.join(", ")
            );
            let first = formats.first().copied().unwrap_or_default();
            let extra = ["--format", first].map(str::to_owned).to_vec();
            let remedy = Remedy::run("choose one of them", Action::Again { extra });
            return Err(Failure::new(Code::Usage, cause).with_remedy(remedy));
        }
        let mut out = Vec::new();
        for (index, source) in sources.iter().enumerate() {
            for output in outputs {
                let path = match &arguments.out {
                    Some(path) if path == Path::new("-") => None,
                    Some(path) => Some(path.clone()),
                    None => Some(source.path(arguments, context, output.format.extension())?),
                };
                out.push(Self {
                    source: index,
                    path,
                    output: *output,
                });
            }
        }
        Ok(out)
    }

    /// In messages.
    pub(super) fn shown(&self) -> String {
        self.path.as_ref().map_or_else(
            || "standard output".to_owned(),
            |path| format!("`{}`", path.display()),
        )
    }

    /// The name says another format than the content.
    pub(super) fn name_lies(&self) -> Option<Finding> {
        name_lies(self.path.as_deref()?, self.output.format)
    }
}

/// A finding where the ending of `path` stands for another format.
pub(super) fn name_lies(path: &Path, format: Format) -> Option<Finding> {
    let extension = path.extension().and_then(|ending| ending.to_str())?;
    let named = Format::from_extension(extension)?;
    (named != format).then(|| {
        let cause = format!(
            "`{}` is named as {named} and holds {format}; phones and Java go by the content and refuse it",
            path.display()
        );
        Finding::warning(Code::NameExtensionMismatch, cause).with_remedy(Remedy::text(format!(
            "give the file the ending .{}",
            format.extension()
        )))
    })
}

/// Checks that everything may be written, before passwords are asked for.
pub(super) fn check(destinations: &[Destination], arguments: &Arguments) -> Result<(), Failure> {
    let paths: Vec<&Path> = destinations
        .iter()
        .filter_map(|destination| destination.path.as_deref())
        .collect();
    for (out, input) in paths.iter().flat_map(|out| {
        let inputs = inputs(arguments);
        inputs.into_iter().map(move |input| (*out, input))
    }) {
        if same_file(out, input) {
            return Err(Failure::usage(format!(
                "`{}` would be read and written at once; choose another name to write to",
                out.display()
            )));
        }
    }
    Ok(FileSet::check(paths, arguments.force)?)
}

fn inputs(arguments: &Arguments) -> Vec<&Path> {
    let single = [&arguments.input, &arguments.cert, &arguments.key];
    let single = single.into_iter().filter_map(Option::as_deref);
    single
        .chain(arguments.ca.iter().map(PathBuf::as_path))
        .collect()
}

/// Also through links and detours.
fn same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (one.metadata(), other.metadata()) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

/// Writes all stores or none.
pub(super) fn write(
    report: &Report,
    arguments: &Arguments,
    context: &Context,
) -> Result<(), Failure> {
    if arguments.dry_run {
        return Ok(());
    }
    let in_folder = arguments.out.is_none();
    let _lock = match in_folder {
        true => Some(PkiFolder::new(&context.dir).lock()?),
        false => None,
    };
    let root = match (&arguments.out, in_folder) {
        (Some(out), _) => out.parent().map(Path::to_owned).unwrap_or_default(),
        (None, _) => context.dir.clone(),
    };
    let mut set = FileSet::new(root, arguments.force);
    for made in &report.made {
        let bytes = made.encoded.bytes.secret_bytes();
        match &made.path {
            Some(path) => set.add(path, bytes.to_vec(), Access::Owner),
            None => present::bytes(bytes)?,
        }
    }
    Ok(set.write()?)
}

/// Everything on standard input, up to a limit.
pub(super) fn read_stdin(limit: usize) -> Result<Vec<u8>, Failure> {
    read_limited(io::stdin().lock(), Path::new("-"), limit)
}

/// A whole file, up to a limit.
pub(super) fn read_file(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    if path == Path::new("-") {
        return read_stdin(limit);
    }
    let file = std::fs::File::open(path).map_err(|error| Failure::cannot_read(path, &error))?;
    read_limited(file, path, limit)
}

fn read_limited(from: impl io::Read, path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX);
    let mut limited = io::Read::take(from, most.saturating_add(1));
    io::Read::read_to_end(&mut limited, &mut bytes)
        .map_err(|error| Failure::cannot_read(path, &error))?;
    if bytes.len() > limit {
        let cause = format!("`{}` is longer than {limit} bytes", path.display());
        return Err(Failure::new(Code::LimitExceeded, cause));
    }
    Ok(bytes)
}
