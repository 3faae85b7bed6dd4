//! Files that belong together by their names: `NAME.crt` and `NAME.key`.

use std::collections::HashMap;

use super::{Item, Kind};
use crate::finding::{Code, Finding, Remedy};
use crate::x509::PublicKey;

/// Keys that do not belong to the certificate of the same name in the same folder.
#[must_use]
pub fn mismatches(items: &[Item]) -> Vec<Finding> {
    let mut keys: HashMap<&str, (&Item, &PublicKey)> = HashMap::new();
    for item in items.iter().filter(|item| item.kind == Kind::Key) {
        let public = item
            .entries
            .iter()
            .find_map(|e| e.key.as_ref()?.public.as_ref());
        if let (Some(stem), Some(public)) = (stem(&item.path), public) {
            keys.insert(stem, (item, public));
        }
    }
    let certificates = items
        .iter()
        .filter(|item| matches!(item.kind, Kind::Certificate | Kind::Chain));
    certificates
        .filter_map(|item| {
            let (key_item, public) = keys.get(stem(&item.path)?)?;
            let leaf = item.entries.first()?.certificates.first()?;
            (leaf.public_key.key_bits() != public.key_bits()).then(|| {
                let cause = format!(
                    "the key `{}` does not belong to the certificate `{}`",
                    key_item.path, item.path
                );
                let remedy =
                    "put the key and the certificate together that were made for each other";
                Finding::failure(Code::KeyMismatch, cause)
                    .about(key_item.path.clone())
                    .with_remedy(Remedy::text(remedy))
            })
        })
        .collect()
}

/// The path without its ending.
fn stem(path: &str) -> Option<&str> {
    let (stem, ending) = path.rsplit_once('.')?;
    (!ending.contains('/')).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_no_part_of_the_stem() {
        assert_eq!(stem("a/broker.crt"), Some("a/broker"));
        assert_eq!(stem("a.b/broker"), None);
        assert_eq!(stem("broker"), None);
    }
}
