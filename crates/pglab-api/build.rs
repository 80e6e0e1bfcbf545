//! The pages are embedded at compile time: compile again when they were built again.

fn main() {
    println!("cargo::rerun-if-changed=../../web/dist");
}
