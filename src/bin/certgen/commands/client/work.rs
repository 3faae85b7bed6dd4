//! Issuing for brokers and clients: checked first, made side by side, written all or none.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use certgen::finding::{Code, Finding, Remedy};
use certgen::pki::{Authority, Request, Role, Validity};
use certgen::store::{FileSet, PkiFolder, file_name};
use certgen::time::Timestamp;

use crate::context::Context;
use crate::failure::Failure;
use crate::issuing::{
    self, Entry, IssueOptions, Leaf, Names, Order, Report, lifetime_note, profile,
};
use crate::password::{self, Purpose};
use crate::present::{self, Status};

/// One run of `broker` or `client`.
pub(in crate::commands) struct Work<'a> {
    pub(in crate::commands) role: Role,
    pub(in crate::commands) folder: PkiFolder,
    pub(in crate::commands) options: &'a IssueOptions,
    /// How many certificates to make at the same time.
    pub(in crate::commands) jobs: usize,
}

impl Work<'_> {
    /// Issues `items`, each the name of its files and the names in its certificate.
    pub(in crate::commands) fn run(
        &self,
        items: Vec<(String, Names)>,
        next: Vec<(String, Option<String>)>,
        context: &Context,
    ) -> Result<Status, Failure> {
        // Without a CA there is nothing to do, and nothing to make a folder for.
        self.folder.authority_chain()?;
        let mut findings = Vec::new();
        let orders = self.orders(items, context.issue_now, &mut findings)?;
        self.check_names(&orders)?;
        self.check_files(&orders)?;
        let (authority, _) = issuing::open(
            &self.folder,
            self.options.ca_password.as_ref(),
            self.options.allow_fixture_ca,
        )?;
        let leaves = self.make(&authority, &orders, context)?;
        if !self.options.replacing.dry_run {
            self.write(&authority, &leaves)?;
        }
        let wanted = Validity::days(context.issue_now, self.options.days).end;
        findings.extend(findings_of(&leaves, wanted));
        let report = Report {
            schema: match self.role {
                Role::Broker => "broker/1",
                _ => "client/1",
            },
            entries: self.entries(&orders, leaves)?,
            findings,
            dry_run: self.options.replacing.dry_run,
            next,
        };
        report.print(context)
    }

    fn orders(
        &self,
        items: Vec<(String, Names)>,
        now: Timestamp,
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<Order>, Failure> {
        let request = match &self.options.csr {
            Some(path) => Some(issuing::request(path)?),
            None => None,
        };
        if let Some(request) = &request {
            findings.extend(left_out(request));
        }
        let purpose = Purpose {
            what: "the new key",
            option: "--key-password",
        };
        let source = self.options.key_password.as_ref();
        let password = source.map(|source| password::new(Some(source), purpose));
        let password = password.transpose()?;
        let validity = Validity::days(now, self.options.days);
        let order = |(name, names): (String, Names)| {
            let name = named(name, request.as_ref())?;
            let mut all = names.read()?;
            all.extend(request.iter().flat_map(|request| request.names.clone()));
            Ok(Order {
                role: self.role,
                profile: profile(self.role, &name, all, validity)?,
                name,
                request: request.clone(),
                key: self.options.key,
                key_password: password.as_ref().map(|password| password.clone_secret()),
            })
        };
        items.into_iter().map(order).collect()
    }

    /// No two names may share their files, on any file system.
    fn check_names(&self, orders: &[Order]) -> Result<(), Failure> {
        let mut seen: HashMap<String, &str> = HashMap::new();
        for order in orders {
            let folded = file_name(&order.name)?.to_lowercase();
            if let Some(other) = seen.insert(folded, &order.name) {
                let cause = format!("`{other}` and `{}` would share their files", order.name);
                return Err(
                    Failure::new(Code::NameTaken, cause).with_remedy(Remedy::text(
                        "name each once, and differently by more than case",
                    )),
                );
            }
        }
        let names = orders.iter().map(|order| order.name.as_str());
        Ok(self.folder.check_case(self.role.as_str(), names)?)
    }

    fn check_files(&self, orders: &[Order]) -> Result<(), Failure> {
        let mut paths: Vec<PathBuf> = Vec::new();
        for order in orders {
            paths.extend(order.paths(&self.folder)?);
        }
        let force = self.options.replacing.force;
        Ok(FileSet::check(paths.iter().map(PathBuf::as_path), force)?)
    }

    /// Makes all certificates on `jobs` threads, in the order of the orders.
    fn make(
        &self,
        authority: &Authority,
        orders: &[Order],
        context: &Context,
    ) -> Result<Vec<Leaf>, Failure> {
        let now = context.issue_now;
        if orders.len() == 1 || self.jobs == 1 {
            return orders
                .iter()
                .map(|order| issuing::issue(authority, order, now))
                .collect();
        }
        let progress = present::progress(context, orders.len(), "certificates");
        let taken = AtomicUsize::new(0);
        let made = Mutex::new(Vec::with_capacity(orders.len()));
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.min(orders.len()) {
                scope.spawn(|| {
                    while let Some(at) = orders.get(taken.fetch_add(1, Ordering::Relaxed)..) {
                        let Some(order) = at.first() else { break };
                        let position = orders.len() - at.len();
                        let leaf = issuing::issue(authority, order, now);
                        if leaf.is_err() {
                            taken.store(orders.len(), Ordering::Relaxed);
                        }
                        progress.inc(1);
                        if let Ok(mut made) = made.lock() {
                            made.push((position, leaf));
                        }
                    }
                });
            }
        });
        progress.finish_and_clear();
        let mut made = made.into_inner().unwrap_or_default();
        made.sort_by_key(|(position, _)| *position);
        made.into_iter().map(|(_, leaf)| leaf).collect()
    }

    fn write(&self, authority: &Authority, leaves: &[Leaf]) -> Result<(), Failure> {
        let _lock = self.folder.lock()?;
        if self.folder.authority_chain()? != authority.chain() {
            let cause = "the CA was replaced by another command while these certificates were made";
            return Err(Failure::new(Code::AuthorityLocked, cause)
                .with_remedy(Remedy::text("run the command again")));
        }
        let mut files = FileSet::new(self.folder.root(), self.options.replacing.force);
        let mut reserved = Vec::with_capacity(leaves.len());
        for leaf in leaves {
            reserved.push(self.folder.reserve_serial(&leaf.certificate.serial_hex())?);
            leaf.add_to(&mut files, &self.folder)?;
        }
        Ok(files.write()?)
    }

    fn entries(&self, orders: &[Order], leaves: Vec<Leaf>) -> Result<Vec<Entry>, Failure> {
        let entry = |(order, leaf): (&Order, Leaf)| {
            Ok(Entry {
                kind: self.role.as_str(),
                name: leaf.name,
                certificate: leaf.certificate,
                files: order.paths(&self.folder)?,
            })
        };
        orders.iter().zip(leaves).map(entry).collect()
    }
}

/// The name of the files: as given, or the common name of the request.
fn named(name: String, request: Option<&Request>) -> Result<String, Failure> {
    if !name.is_empty() || request.is_none() {
        return Ok(name);
    }
    let common_name = request.and_then(|request| request.common_name.clone());
    common_name
        .ok_or_else(|| Failure::usage("the request has no common name: say which client it is for"))
}

fn left_out(request: &Request) -> Option<Finding> {
    (!request.left_out.is_empty()).then(|| {
        let names = request.left_out.join(", ");
        let cause = format!("the request asks for names that cannot be given: {names}");
        Finding::warning(Code::BadName, cause).with_remedy(Remedy::text(
            "ask for DNS names, addresses, URIs and e-mail addresses",
        ))
    })
}

/// What is to be said, each once.
fn findings_of(leaves: &[Leaf], wanted: Timestamp) -> Vec<Finding> {
    let mut out: Vec<Finding> = Vec::new();
    for leaf in leaves {
        let note = lifetime_note(&leaf.certificate, wanted);
        for finding in leaf.findings.iter().cloned().chain(note) {
            if out.len() < 16 && !out.contains(&finding) {
                out.push(finding);
            }
        }
    }
    out
}
