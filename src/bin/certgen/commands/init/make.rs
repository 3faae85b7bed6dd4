//! Everything that `init` makes, in memory first, and then on disk all at once.

use certgen::bundle::{Material, Secrets, plan};
use certgen::finding::{Code, Finding, Severity};
use certgen::pki::{
    AUTHORITY_DAYS, Authority, AuthorityProfile, Identity, Profile, Role, Validity,
};
use certgen::random::SystemRandom;
use certgen::secret::Password;
use certgen::store::{Access, FileSet};
use certgen::x509::Certificate;

use super::passwords::StorePasswords;
use super::{Arguments, BROKER, Plan};
use crate::commands::ca::{self, NewAuthority};
use crate::context::Context;
use crate::deployment::{self, Deployment, Placement};
use crate::failure::Failure;
use crate::issuing::{self, Leaf, Order, lifetime_note};

/// What was made.
pub(super) struct Made {
    pub(super) authority: Certificate,
    pub(super) broker: Certificate,
    pub(super) clients: Vec<Certificate>,
    pub(super) deployment: Deployment,
    pub(super) findings: Vec<Finding>,
}

pub(super) fn make(
    arguments: &Arguments,
    plan: &Plan,
    ca_password: Option<Password>,
    passwords: &StorePasswords,
    context: &Context,
) -> Result<Made, Failure> {
    let now = context.issue_now;
    let days = AUTHORITY_DAYS.max(arguments.days);
    let profile = AuthorityProfile::new(&ca::default_name(), Validity::days(now, days))?;
    let (key, root) = ca::root(&profile, arguments.key)?;
    let identity = Identity::new(key.clone_secret(), vec![root.clone()])?;
    let maker = Maker {
        arguments,
        plan,
        authority: Authority::new(identity)?,
        validity: Validity::days(now, arguments.days),
        context,
    };
    let mut files = FileSet::new(plan.folder.root(), arguments.replacing.force);
    let mut findings = Findings::default();
    findings.add(ca::uncommon(arguments.key));
    findings.add(ca::unprotected(&arguments.protection));
    let new = NewAuthority {
        folder: plan.folder.clone(),
        chain: vec![root.clone()],
        key,
        password: ca_password,
    };
    findings.add(new.add_to(&mut files)?);
    let broker = maker.broker(&mut files, &mut findings)?;
    let deployment = deployment::mosquitto(
        &plan.folder,
        BROKER,
        &plan.mosquitto_conf(),
        &Placement::default(),
    )?;
    let text = deployment.configuration.clone().into_bytes();
    files.add(plan.mosquitto_conf(), text, Access::Public);
    let mut clients = Vec::with_capacity(plan.clients.len());
    for name in &plan.clients {
        clients.push(maker.client(name, &passwords.next(), &mut files, &mut findings)?);
    }
    let _lock = plan.folder.lock()?;
    files.write()?;
    Ok(Made {
        authority: root,
        broker,
        clients,
        deployment,
        findings: findings.0,
    })
}

struct Maker<'a> {
    arguments: &'a Arguments,
    plan: &'a Plan,
    authority: Authority,
    validity: Validity,
    context: &'a Context,
}

impl Maker<'_> {
    fn broker(&self, files: &mut FileSet, findings: &mut Findings) -> Result<Certificate, Failure> {
        let profile = Profile::broker(self.plan.hosts.clone(), self.validity)?;
        let leaf = self.leaf(Role::Broker, BROKER, profile, findings)?;
        leaf.add_to(files, &self.plan.folder)?;
        Ok(leaf.certificate)
    }

    fn client(
        &self,
        name: &str,
        password: &Password,
        files: &mut FileSet,
        findings: &mut Findings,
    ) -> Result<Certificate, Failure> {
        let profile = Profile::client(name, Vec::new(), self.validity)?;
        let leaf = self.leaf(Role::Client, name, profile, findings)?;
        leaf.add_to(files, &self.plan.folder)?;
        self.stores(&leaf, password, files, findings)?;
        if self.plan.generate {
            let path = self.plan.folder.client_file(name, "password")?;
            let line = format!("{}\n", password.secret_text());
            files.add(path, line.into_bytes(), Access::Owner);
        }
        Ok(leaf.certificate)
    }

    fn leaf(
        &self,
        role: Role,
        name: &str,
        profile: Profile,
        findings: &mut Findings,
    ) -> Result<Leaf, Failure> {
        let order = Order {
            role,
            name: name.to_owned(),
            profile,
            request: None,
            key: self.arguments.key,
            key_password: None,
        };
        let mut leaf = issuing::issue(&self.authority, &order, self.context.issue_now)?;
        findings.add(std::mem::take(&mut leaf.findings));
        findings.add(lifetime_note(&leaf.certificate, self.validity.end));
        Ok(leaf)
    }

    fn stores(
        &self,
        leaf: &Leaf,
        password: &Password,
        files: &mut FileSet,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let Some(key) = &leaf.key else { return Ok(()) };
        let ders = |chain: &[Certificate]| -> Vec<Vec<u8>> {
            chain.iter().map(|one| one.der.clone()).collect()
        };
        let authority = ders(self.authority.chain());
        let material = Material::identity(key.clone_secret(), &ders(&leaf.chain), &authority)?;
        let store = material.into_store(&leaf.name, self.context.issue_now);
        for output in &self.plan.outputs {
            let secrets = Secrets {
                store: password,
                keys: None,
                allow_mixed: false,
            };
            let targets = &self.arguments.targets;
            let encoded = plan(&store, *output, secrets, targets, &mut SystemRandom)?;
            let ending = output.format.extension();
            let path = self.plan.folder.client_file(&leaf.name, ending)?;
            files.add(path, encoded.bytes.secret_bytes().to_vec(), Access::Owner);
            // A random password answers what is to be said about weak protection.
            let answered = |finding: &Finding| {
                self.plan.generate
                    && finding.code == Code::PasswordWeak
                    && finding.severity == Severity::Note
            };
            findings.add(encoded.findings.into_iter().filter(|one| !answered(one)));
        }
        Ok(())
    }
}

/// What is to be said, each once.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            if !self.0.contains(&finding) {
                self.0.push(finding);
            }
        }
    }
}
