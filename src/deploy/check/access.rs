//! Whether a user may read or write a file, by owners and modes alone: also when root asks.

use super::{Node, UserFact};

/// What stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Obstacle<'a> {
    /// The file itself may not be read or written.
    File(&'a Node),
    /// A folder above it may not be passed through, or written in.
    Folder(&'a Node),
}

/// The first obstacle from the root down; `nodes` are the file, then the folders above it.
pub(super) fn obstacle<'a>(user: &UserFact, nodes: &'a [Node]) -> Option<Obstacle<'a>> {
    if user.uid == 0 {
        return None;
    }
    let (file, folders) = nodes.split_first()?;
    let shut = folders.iter().rev().find(|folder| !may(user, folder, 0o1));
    if let Some(folder) = shut {
        return Some(Obstacle::Folder(folder));
    }
    (!may(user, file, 0o4)).then_some(Obstacle::File(file))
}

/// The first obstacle to writing a file, or to making it where it does not exist; `folder` are its
/// folder and those above.
pub(super) fn obstacle_to_writing<'a>(
    user: &UserFact,
    file: &'a [Node],
    folder: &'a [Node],
) -> Option<Obstacle<'a>> {
    if user.uid == 0 {
        return None;
    }
    let shut = |folders: &'a [Node]| folders.iter().rev().find(|node| !may(user, node, 0o1));
    let (folders, target) = match file.split_first() {
        Some((node, _)) if !node.is_folder() => (file.get(1..)?, Obstacle::File(node)),
        _ => (folder, Obstacle::Folder(folder.first()?)),
    };
    if let Some(folder) = shut(folders) {
        return Some(Obstacle::Folder(folder));
    }
    let (Obstacle::File(node) | Obstacle::Folder(node)) = target;
    (!may(user, node, 0o2)).then_some(target)
}

/// Whether the class that applies (owner, else group, else others) has the bit.
fn may(user: &UserFact, node: &Node, bit: u32) -> bool {
    let shift = if node.uid == user.uid {
        6
    } else if user.groups.contains(&node.gid) {
        3
    } else {
        0
    };
    (node.mode >> shift) & bit != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(path: &str, uid: u32, gid: u32, mode: u32) -> Node {
        Node {
            path: path.to_owned(),
            uid,
            gid,
            mode,
        }
    }

    #[test]
    fn the_class_that_applies_decides() {
        let user = UserFact {
            name: "mosquitto".into(),
            uid: 100,
            groups: vec![101],
        };
        let root = UserFact {
            name: "root".into(),
            uid: 0,
            groups: vec![0],
        };
        let nodes = [
            node("/k/a.key", 0, 0, 0o600),
            node("/k", 0, 0, 0o755),
            node("/", 0, 0, 0o755),
        ];
        assert_eq!(obstacle(&user, &nodes), Some(Obstacle::File(&nodes[0])));
        assert_eq!(obstacle(&root, &nodes), None);
        let nodes = [node("/k/a.key", 0, 101, 0o640), node("/k", 0, 0, 0o700)];
        assert_eq!(obstacle(&user, &nodes), Some(Obstacle::Folder(&nodes[1])));
        let nodes = [node("/k/a.key", 0, 101, 0o640), node("/k", 0, 101, 0o750)];
        assert_eq!(obstacle(&user, &nodes), None);
        let folder = [node("/run", 0, 0, 0o755), node("/", 0, 0, 0o755)];
        assert_eq!(
            obstacle_to_writing(&user, &[], &folder),
            Some(Obstacle::Folder(&folder[0]))
        );
        let folder = [node("/run/m", 100, 0, 0o040_740), node("/run", 0, 0, 0o755)];
        assert_eq!(obstacle_to_writing(&user, &[], &folder), None);
        assert_eq!(obstacle_to_writing(&user, &folder, &folder), None);
        let file = [node("/l/a", 0, 0, 0o100_644), node("/l", 100, 0, 0o755)];
        assert_eq!(
            obstacle_to_writing(&user, &file, &file[1..]),
            Some(Obstacle::File(&file[0]))
        );
        // The owner's class applies to the owner even where others may more.
        let nodes = [node("/k/a.key", 100, 101, 0o044)];
        assert_eq!(obstacle(&user, &nodes), Some(Obstacle::File(&nodes[0])));
    }
}
