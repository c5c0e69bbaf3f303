//! What fuzzing found worth keeping, read again: nothing in it may make a reader fail.

#[path = "../../fuzz/inputs.rs"]
mod inputs;

use crate::support::package;

#[test]
fn the_corpus_of_every_fuzz_target_is_read_without_a_panic() {
    let mut read = 0;
    for target in std::fs::read_dir(package().join("fuzz/corpus")).expect("a corpus") {
        let target = target.expect("a target").path();
        let name = target.file_name().expect("a name").to_string_lossy().into_owned();
        for entry in std::fs::read_dir(&target).expect("a folder") {
            let path = entry.expect("an entry").path();
            println!("{}", path.display());
            inputs::read(&name, &std::fs::read(&path).expect("a file"));
            read += 1;
        }
    }
    assert!(read >= 20, "only {read} inputs");
}
