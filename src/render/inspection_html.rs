//! What files hold, as a page.

use super::Suggest;
use super::escape::html;
use super::html::{PageState, certificate, counts, findings, page, row, section};
use super::inspection::iterations;
use crate::inspect::{Entry, Item, Kind, Report};
use crate::time::{Timestamp, date};

/// The report as one self-contained page.
#[must_use]
pub fn inspection_html(report: &Report, now: Timestamp, suggest: Suggest<'_>) -> String {
    let found = report.all_findings();
    let mut body = section(&counts(&found), &findings(&found, suggest));
    for item in &report.items {
        body.push_str(&section(&item.path, &item_html(item, now)));
    }
    let title = match report.items.as_slice() {
        [one] => one.path.clone(),
        items if items.iter().any(|item| item.kind == Kind::Server) => {
            format!("{} files and servers", items.len())
        }
        items => format!("{} files", items.len()),
    };
    page(&title, PageState::Done(report.verdict()), Some(now), &body)
}

fn item_html(item: &Item, now: Timestamp) -> String {
    let version = item
        .version
        .map_or_else(String::new, |v| format!(" version {v}"));
    let mut rows = row(
        "kind",
        &html(&format!("{}, {}{version}", item.kind, item.format)),
    );
    for protection in &item.protection {
        let iterations = iterations(protection.iterations);
        let text = format!("{}: {}{iterations}", protection.what, protection.algorithm);
        rows.push_str(&row("protected", &html(&text)));
    }
    let entries: String = item
        .entries
        .iter()
        .map(|entry| entry_html(entry, now))
        .collect();
    format!("<div class=\"facts\"><dl>\n{rows}</dl></div>\n{entries}")
}

fn entry_html(entry: &Entry, now: Timestamp) -> String {
    let mut rows = String::new();
    if let Some(alias) = &entry.alias {
        rows.push_str(&row("alias", &html(alias)));
    }
    if let Some(key) = &entry.key {
        let kind = key
            .kind
            .as_ref()
            .map_or_else(String::new, |kind| format!("{kind}, "));
        rows.push_str(&row("key", &html(&format!("{kind}{}", key.lock.title()))));
    }
    if let Some(created) = entry.created {
        rows.push_str(&row("made", &date(created)));
    }
    for fact in &entry.facts {
        rows.push_str(&row(fact.name, &html(&fact.value)));
    }
    let facts = if rows.is_empty() {
        String::new()
    } else {
        format!("<div class=\"facts\"><dl>\n{rows}</dl></div>\n")
    };
    let certificates = entry
        .certificates
        .iter()
        .map(|c| certificate(c, entry.kind.title(), now, true));
    format!("{facts}{}", certificates.collect::<String>())
}
