//! Compiles the program anew when `web/dist`, which it embeds, has changed.

fn main() {
    // Cargo takes a folder that is missing for one that has changed, each time; an empty one
    // embeds just as little. If it cannot be made, every build runs this again: no harm.
    let _ = std::fs::create_dir_all("web/dist");
    println!("cargo::rerun-if-changed=web/dist");
    println!("cargo::rerun-if-changed=build.rs");
}
