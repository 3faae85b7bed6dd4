//! What `init` made, and what is to be done on the broker and in the app.

use std::path::Path;

use certgen::bundle::Target;
use certgen::finding::{Action, Verdict};
use certgen::render::escape::terminal;
use certgen::render::style::{DIM, HELP, TITLE, paint};
use certgen::render::{document, findings_text};
use certgen::time::{end_for_people, rfc3339};
use certgen::x509::{Certificate, GeneralName};
use serde_json::{Map, Value, json};

use super::make::Made;
use super::{Arguments, Plan, say_assumed};
use crate::context::Context;
use crate::deployment;
use crate::failure::Failure;
use crate::present::{self, Status};
use crate::suggest;

/// What would be made.
pub(super) fn dry_run(plan: &Plan, context: &Context) -> Result<Status, Failure> {
    say_assumed(plan, context);
    let files: Vec<String> = plan
        .files()?
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    if context.json {
        let mut out = document("init/1", &[], &suggest::line);
        out.insert("dry_run".into(), true.into());
        out.insert("files".into(), json!(files));
        present::json(out)?;
    } else {
        let lines: String = files
            .iter()
            .map(|file| format!("  {}\n", terminal(file)))
            .collect();
        present::text(&format!("would be written:\n{lines}"))?;
    }
    Ok(Status::Good)
}

pub(super) fn print(
    made: &Made,
    plan: &Plan,
    arguments: &Arguments,
    context: &Context,
) -> Result<Status, Failure> {
    say_assumed(plan, context);
    if context.json {
        present::json(json_of(made, plan)?)?;
    } else {
        present::text(&text(made, plan, arguments, context)?)?;
    }
    Ok(Status::of(Verdict::of(&made.findings), context))
}

fn json_of(made: &Made, plan: &Plan) -> Result<Map<String, Value>, Failure> {
    let mut out = document("init/1", &made.findings, &suggest::line);
    let files = plan.files()?;
    let files: Vec<String> = files
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    out.insert("dry_run".into(), false.into());
    out.insert("files".into(), json!(files));
    out.insert("ca".into(), certificate_json(&made.authority));
    out.insert("broker".into(), certificate_json(&made.broker));
    let clients: Vec<Value> = made.clients.iter().map(certificate_json).collect();
    out.insert("clients".into(), clients.into());
    let install = deployment::lines(&made.deployment.install);
    out.insert("install".into(), json!(install));
    out.insert(
        "restart".into(),
        json!(deployment::lines(&[deployment::restart()])),
    );
    out.insert("next".into(), json!([verify(plan)?]));
    Ok(out)
}

fn certificate_json(certificate: &Certificate) -> Value {
    let names = certificate.subject_alt_names.iter().flatten();
    let names: Vec<String> = names.map(ToString::to_string).collect();
    json!({
        "subject": certificate.subject.to_string(),
        "subject_alt_names": names,
        "serial": certificate.serial_hex(),
        "not_before": rfc3339(certificate.not_before),
        "not_after": rfc3339(certificate.not_after),
        "fingerprints": {"sha256": certificate.sha256_hex(), "sha1": certificate.sha1_hex()},
    })
}

fn text(
    made: &Made,
    plan: &Plan,
    arguments: &Arguments,
    context: &Context,
) -> Result<String, Failure> {
    let mut out = format!("{}\n", paint(TITLE, "made"));
    let mut line = |path: &Path, what: &str| {
        let path = terminal(&path.display().to_string()).into_owned();
        out.push_str(&format!("  {path:<32}  {}\n", paint(DIM, &terminal(what))));
    };
    let end = |certificate: &Certificate| end_for_people(context.now, certificate.not_after);
    let name = made.authority.subject.common_name().unwrap_or_default();
    line(
        &plan.folder.ca_certificate(),
        &format!("{name}, until {}", end(&made.authority)),
    );
    let key = match arguments.protection.no_ca_password {
        true => "its key, not encrypted: keep it to yourself",
        false => "its key, encrypted: keep file and password",
    };
    line(&plan.folder.ca_key(), key);
    let names = format!("for {}, until {}", names(&plan.hosts), end(&made.broker));
    line(&plan.folder.broker_file(super::BROKER, "crt")?, &names);
    line(
        &plan.folder.broker_file(super::BROKER, "key")?,
        "the broker's key",
    );
    line(&plan.mosquitto_conf(), "the broker's configuration");
    for (client, certificate) in plan.clients.iter().zip(&made.clients) {
        for path in plan.client_files(client)? {
            line(&path, &client_file(&path, client, &end(certificate)));
        }
    }
    if !made.findings.is_empty() {
        out.push_str(&format!(
            "\n{}",
            findings_text(&made.findings, &suggest::line)
        ));
    }
    out.push_str(&format!(
        "\n{}\n",
        paint(TITLE, "next, on the broker (mosquitto 2.0 or later)")
    ));
    out.push_str(&deployment::block(&made.deployment.install));
    out.push_str(&deployment::block(&[deployment::restart()]));
    out.push_str(&app(plan, &arguments.targets)?);
    out.push_str(&format!("\n{}\n", paint(TITLE, "then check that it works")));
    out.push_str(&format!("  {}\n", paint(HELP, &terminal(&verify(plan)?))));
    Ok(out)
}

fn client_file(path: &Path, client: &str, end: &str) -> String {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("crt") => format!("the client `{client}`, until {end}"),
        Some("key") => "its key".to_owned(),
        Some("password") => "the password of its stores".to_owned(),
        Some("p12") => "key, chain and CA as PKCS#12".to_owned(),
        Some("bks") => "key, chain and CA as BKS, for Android apps".to_owned(),
        _ => "key, chain and CA".to_owned(),
    }
}

fn names(hosts: &[GeneralName]) -> String {
    let names: Vec<String> = hosts.iter().map(bare).collect();
    names.join(", ")
}

fn bare(name: &GeneralName) -> String {
    match name {
        GeneralName::Dns(name) => name.clone(),
        GeneralName::Ip(address) => address.to_string(),
        other => other.to_string(),
    }
}

/// Rhasspy Mobile's settings by their labels; the port stays 1883 unless it is changed by hand.
fn app(plan: &Plan, targets: &[Target]) -> Result<String, Failure> {
    if !targets.is_empty() && !targets.contains(&Target::Rhasspy) {
        return Ok(String::new());
    }
    let mut out = format!(
        "\n{}\n",
        paint(TITLE, "next, in Rhasspy Mobile (0.6.2 or later), page MQTT")
    );
    for client in &plan.clients {
        let bks = plan.folder.client_file(client, "bks")?;
        let password = match plan.generate {
            true => format!(
                "what is in {}",
                plan.folder.client_file(client, "password")?.display()
            ),
            false => "the store password that you gave".to_owned(),
        };
        let settings = [
            ("Host", format!("exactly one of: {}", names(&plan.hosts))),
            (
                "Port",
                "8883, typed by hand: the app leaves it at 1883".to_owned(),
            ),
            ("Enable SSL", "on".to_owned()),
            (
                "Choose Certificate (.bks)",
                format!("{}, copied to the phone", bks.display()),
            ),
            ("KeyStore Password", password),
            (
                "Username, Password",
                "empty: the certificate says who it is".to_owned(),
            ),
        ];
        for (label, value) in settings {
            out.push_str(&format!("  {label:<26} {}\n", terminal(&value)));
        }
        if plan.clients.len() > 1 {
            out.push('\n');
        }
    }
    Ok(out)
}

/// The command that runs the whole conversation as the first client.
fn verify(plan: &Plan) -> Result<String, Failure> {
    let client = plan.clients.first().map_or("client", String::as_str);
    let host = plan.hosts.first().map_or_else(String::new, bare);
    let shown = |ending: &str| -> Result<String, Failure> {
        Ok(plan
            .folder
            .client_file(client, ending)?
            .display()
            .to_string())
    };
    let mut extra = vec!["--keystore".to_owned(), shown("bks")?];
    if plan.generate {
        extra.push("--store-password".to_owned());
        extra.push(format!("file:{}", shown("password")?));
    }
    Ok(suggest::line(&Action::Verify {
        host,
        port: 8883,
        extra,
    }))
}
