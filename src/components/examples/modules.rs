//! Writes every module to a folder, as files that any host can load.
//!
//! ```console
//! $ cargo run -p authsieve-components --example modules -- modules
//! ```
//!
//! The package of this crate is made of such a folder. See `RELEASE.md`.

use authsieve_components::{ALL, SUITE};
use std::error::Error;
use std::fs;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: modules FOLDER")?);
    fs::create_dir_all(&folder)?;
    for component in ALL.iter().chain([&SUITE]) {
        let id = component.id;
        let write = |name: String, bytes: &[u8]| {
            println!("{name}  {} bytes", bytes.len());
            fs::write(folder.join(name), bytes)
        };
        write(format!("{id}.wasm"), component.wasm)?;
        write(format!("{id}.fluent-bit.wasm"), component.fluent_bit)?;
        #[cfg(feature = "browser")]
        {
            // The class in the second file loads the first from its own folder, by this name.
            write(format!("{id}_browser_bg.wasm"), component.browser_wasm)?;
            write(format!("{id}_browser.js"), component.browser_js.as_bytes())?;
            write(format!("{id}_browser.d.ts"), component.browser_dts.as_bytes())?;
        }
    }
    Ok(())
}
