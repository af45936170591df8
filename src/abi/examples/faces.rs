//! An analytic with the faces of a module, and the texts that `authsieve bake` can change in the module.
//!
//! ```console
//! $ cargo run -p authsieve-abi --example faces
//! ```
//!
//! A native build has no face, so this program only shows the texts. The module of an analytic is its library, built
//! for `wasm32-unknown-unknown` with one of the features: `src/components/build` does this.

use authsieve_abi::baked::Module;
use authsieve_engine::analytic::{About, Analytic, Context, Held, Telemetry};
use authsieve_engine::config::{Config, Problem};
use authsieve_engine::event::Event;
use authsieve_engine::snapshot::{self, Reader, Writer};
use authsieve_engine::time::Span;

authsieve_engine::settings! {
    /// The options.
    pub struct Options {
        /// An option without effect.
        pub nothing: bool = false;
    }
}

/// An analytic that raises no alert. `examples/analytic.rs` of `authsieve-engine` has one that does.
pub struct Quiet;

impl Analytic for Quiet {
    type Options = Options;

    const ABOUT: About = About {
        id: "quiet",
        code: "QUIET",
        name: "Nothing",
        version: env!("CARGO_PKG_VERSION"),
        description: "Raises no alert.",
        techniques: &[],
        telemetry: &["Linux"],
        sources: &[],
        needs: &[],
        collect: "",
        false_positives: &[],
        response: &[],
        partition_by: &[],
        thresholds: &[],
    };
    const TELEMETRY: Telemetry = Telemetry::LINUX;

    fn new(config: &Config<Options>, _seed: u64) -> Result<Self, Problem> {
        let _ = config.options.nothing;
        Ok(Self)
    }

    fn horizon(&self) -> Span {
        Span::seconds(0)
    }

    fn observe(&mut self, _event: &Event<'_>, _context: &mut Context<'_>) {}

    fn held(&self) -> Held {
        Held::default()
    }

    fn save(&self, _out: &mut Writer) {}

    fn load(&mut self, _input: &mut Reader<'_>) -> snapshot::Result<Vec<String>> {
        Ok(Vec::new())
    }
}

// The last line of an analytic's `lib.rs`.
authsieve_abi::faces!(Quiet);

fn main() {
    let baked = Exported::baked();
    println!("id {}, configuration {:?}, member {:?}", Exported::ABOUT.id, baked.config(), baked.key());
}
