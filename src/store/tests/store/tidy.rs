//! Rows are positional: attributes that leave fields out or merge them would shift positions without an error.

use std::{fs, path::Path};

#[test]
fn no_row_uses_an_attribute_that_shifts_positions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("row");
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for banned in ["skip_serializing_if", "flatten", "untagged", "serde(skip"] {
            assert!(!text.contains(banned), "{} uses {banned}", path.display());
        }
        files += 1;
    }
    assert!(files > 15, "found only {files} files");
}
