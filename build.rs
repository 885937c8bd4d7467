//! With the `torch` feature, tells the linker where libtorch lies, so that the program finds it again when it runs.

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    let torch = std::env::var_os("CARGO_FEATURE_TORCH").is_some();
    let unix = std::env::var_os("CARGO_CFG_UNIX").is_some();
    if let Some(folder) = std::env::var_os("LIBTORCH").filter(|_| torch && unix) {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", std::path::Path::new(&folder).join("lib").display());
    }
}
