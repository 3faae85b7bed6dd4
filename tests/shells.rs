//! Completion scripts and manual pages: the shells and groff take them without complaint.

mod support;

use support::{Folder, certgen, peer, run};

#[test]
fn shells_accept_their_completion_scripts() {
    let folder = Folder::new();
    for (shell, check) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
        let script = run(certgen().args(["completions", shell])).ok().stdout;
        assert!(script.contains("certgen"), "{shell}: {script}");
        let file = folder.write(shell, script);
        let output = run(peer(shell).arg(check).arg(file)).ok();
        assert_eq!(output.all(), "", "{shell}");
    }
}

#[test]
fn bash_completes_a_command() {
    let folder = Folder::new();
    let script = folder.write(
        "script",
        run(certgen().args(["completions", "bash"])).stdout,
    );
    let ask = format!(
        ". '{}'; COMP_WORDS=(certgen compl); COMP_CWORD=1; _certgen certgen compl certgen; echo \"${{COMPREPLY[*]}}\"",
        script.display()
    );
    let output = run(peer("bash").args(["--norc", "-c", &ask])).ok();
    assert_eq!(output.all(), "completions\n");
}

#[test]
fn other_shells_have_a_script_too() {
    for shell in ["powershell", "elvish"] {
        let script = run(certgen().args(["completions", shell])).ok().stdout;
        let balanced = script.matches('{').count() == script.matches('}').count();
        assert!(script.contains("certgen") && balanced, "{shell}: {script}");
    }
}

#[test]
fn groff_accepts_every_manual_page() {
    let folder = Folder::new();
    let mut pages = vec![vec!["man".to_owned()]];
    for command in commands() {
        pages.push(vec!["man".to_owned(), command]);
    }
    assert!(pages.len() > 2, "{pages:?}");
    for arguments in pages {
        let page = run(certgen().args(&arguments)).ok().stdout;
        assert!(page.contains(".SH NAME"), "{arguments:?}: {page}");
        let file = folder.write("page.1", page);
        let output = run(peer("groff")
            .args(["-Kutf8", "-man", "-Tutf8", "-ww"])
            .arg(file))
        .ok();
        assert_eq!(output.stderr, "", "{arguments:?}");
        assert!(output.stdout.contains("certgen"), "{arguments:?}");
    }
}

#[test]
fn every_command_explains_itself() {
    for command in commands() {
        let help = run(certgen().args([&command, "--help"])).ok().stdout;
        let first = help.lines().next().unwrap_or_default();
        assert!(first.len() > 15, "{command}: {first}");
        for (line, next) in help.lines().zip(help.lines().skip(1)) {
            let option = line.trim_start().starts_with("--") || line.trim_start().starts_with("-");
            let explained = line.trim().contains("  ") || next.starts_with("          ");
            assert!(!option || explained, "{command} does not explain `{line}`");
        }
    }
}

/// The commands that the help lists.
fn commands() -> Vec<String> {
    let help = run(certgen().arg("--help")).ok().stdout;
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    lines
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}
