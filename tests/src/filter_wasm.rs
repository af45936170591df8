//! An emulation of Fluent Bit's `filter_wasm` under an interpreter. It is as strict as the agent, as far as a module
//! can tell.
//!
//! Both arguments are in memory from the module's own `malloc`. A NUL ends each, which the length does not count.
//! They are overwritten and freed after the call, so a module that keeps their addresses reads junk. The answer is
//! read up to its first NUL. It must be the unchanged record, nothing, or one JSON object. Anything else would be an
//! error in the agent, so [`Filter::call`] panics, as it does on a trap.

pub mod written;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::collections::HashSet;
use std::fmt;
use wasmi::{Config, Engine, Linker, Memory, Module, Store, TypedFunc};

/// Bytes of the interpreter's stack.
///
/// The agent's interpreter has 8192 bytes for its frames. A call takes 40, and four for each cell of its constants,
/// parameters, locals and operands. A call is refused unless there is space for two of its frames. Here, a call takes
/// eight bytes for each register that is left of these, and nothing else. So one size does not follow from the other.
/// Both were measured on the deepest calls of all filters, as the smallest stack that suffices. This interpreter
/// needs 0.44 to 0.51 of the agent's stack, and at least 0.464 of it where the agent's is above 6.4 KB. This limit is
/// that share of 8192.
const STACK: usize = 3800;

/// The most nested calls. The smallest frame in the agent has 48 bytes.
const CALLS: usize = 8192 / 48;

/// The byte that overwrites arguments after a call.
const JUNK: u8 = 0xa5;

/// A module that is parsed once and can be started any number of times.
#[derive(Clone, Debug)]
pub struct Program(Module);

/// The functions that the agent's configuration can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Returns alerts only.
    Alerts,
    /// Returns every record.
    Annotate,
}

impl Function {
    /// Both functions of the module.
    pub const ALL: [Self; 2] = [Self::Alerts, Self::Annotate];
}

/// The result for a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The record is dropped.
    Dropped,
    /// The record passes unchanged.
    Same,
    /// This object replaces the record.
    Object(Vec<u8>),
}

type Call = TypedFunc<(u32, u32, u32, u32, u32, u32), u32>;

/// A `[FILTER]` of the agent: an instance that lives as long as the agent.
#[derive(Debug)]
pub struct Filter {
    store: Store<()>,
    memory: Memory,
    malloc: TypedFunc<u32, u32>,
    free: TypedFunc<u32, ()>,
    functions: [Call; 2],
    /// The tag of the records.
    pub tag: Vec<u8>,
}

impl Program {
    /// Parses a module.
    ///
    /// # Panics
    /// Panics if the bytes are no module.
    #[must_use]
    pub fn new(wasm: &[u8]) -> Self {
        Self::read(wasm, false)
    }

    /// Reads a module whose instructions will be [counted](Filter::instructions).
    ///
    /// # Panics
    /// Panics if the bytes are no module.
    #[must_use]
    pub fn counted(wasm: &[u8]) -> Self {
        Self::read(wasm, true)
    }

    fn read(wasm: &[u8], counts: bool) -> Self {
        let mut config = Config::default();
        config.consume_fuel(counts);
        config.set_max_stack_height(STACK).set_max_recursion_depth(CALLS);
        Self(Module::new(&Engine::new(&config), wasm).expect("a module"))
    }

    /// Starts the module.
    ///
    /// # Panics
    /// Panics if it has imports or lacks an export.
    #[must_use]
    pub fn start(&self) -> Filter {
        let engine = self.0.engine();
        let mut store = Store::new(engine, ());
        // This fails if nothing is counted, which does not matter.
        let _ = store.set_fuel(u64::MAX);
        let instance =
            Linker::new(engine).instantiate_and_start(&mut store, &self.0).expect("a module without imports");
        let call = |name| instance.get_typed_func(&store, name).expect("a function of the agent");
        Filter {
            memory: instance.get_memory(&store, "memory").expect("a memory"),
            malloc: instance.get_typed_func(&store, "malloc").expect("malloc"),
            free: instance.get_typed_func(&store, "free").expect("free"),
            functions: [call("alerts"), call("annotate")],
            tag: b"host.auth".to_vec(),
            store,
        }
    }
}

impl Filter {
    /// Passes a record to the module. `at` is its time stamp in seconds and nanoseconds.
    ///
    /// # Panics
    /// Panics if the agent could not continue with the answer, or would log an error.
    pub fn call(&mut self, function: Function, at: (u32, u32), record: &[u8]) -> Answer {
        // The agent measures the record as a C string.
        let record = record.split(|byte| *byte == 0).next().unwrap_or_default();
        let tag = std::mem::take(&mut self.tag);
        let places = [self.lend(&tag), self.lend(record)];
        let answer = self.run(function, at, (places[0], &tag), (places[1], record.len()));
        let answer = match answer {
            0 => Answer::Dropped,
            answer if answer == places[1] && !record.is_empty() => {
                let end = places[1] as usize + record.len();
                let still = &self.memory.data(&self.store)[places[1] as usize..=end];
                assert!(
                    still == [record, b"\0"].concat(),
                    "{function:?} changed what it passes: {}",
                    shown(record)
                );
                assert!(
                    is_readable(record),
                    "{function:?} passes what the agent cannot read: {}",
                    shown(record)
                );
                Answer::Same
            }
            answer => self.read(answer),
        };
        if let Answer::Object(object) = &answer {
            check(object, record).unwrap_or_else(|why| {
                panic!(
                    "{function:?} answers what is no record: {why}: {}\nto {}",
                    shown(object),
                    shown(record)
                )
            });
        }
        self.take_back(places[0], tag.len());
        self.take_back(places[1], record.len());
        self.tag = tag;
        answer
    }

    /// Passes a record for which there was no memory.
    ///
    /// # Panics
    /// Panics in the same cases as [`call`](Self::call).
    pub fn call_without_memory(&mut self, function: Function, at: (u32, u32), length: usize) -> Answer {
        match self.run(function, at, (0, &[]), (0, length)) {
            0 => Answer::Dropped,
            answer => self.read(answer),
        }
    }

    /// The number of instructions since the start. An instruction that moves many bytes counts as several.
    ///
    /// # Panics
    /// Panics if they are not [counted](Program::counted).
    #[must_use]
    pub fn instructions(&self) -> u64 {
        u64::MAX - self.store.get_fuel().expect("a program that is counted")
    }

    /// The number of memory pages.
    #[must_use]
    pub fn pages(&self) -> u64 {
        self.memory.size(&self.store)
    }

    fn run(&mut self, function: Function, at: (u32, u32), tag: (u32, &[u8]), record: (u32, usize)) -> u32 {
        let arguments = (tag.0, tag.1.len() as u32, at.0, at.1, record.0, record.1 as u32);
        let call = self.functions[function as usize];
        call.call(&mut self.store, arguments).unwrap_or_else(|trap| {
            let data = self.memory.data(&self.store).get(record.0 as usize..).unwrap_or_default();
            let data = data.get(..record.1).unwrap_or_default();
            panic!("{function:?} traps: {trap}, {} bytes: {}", record.1, shown(data))
        })
    }

    /// Copies an argument into the module's memory, and adds a NUL.
    fn lend(&mut self, bytes: &[u8]) -> u32 {
        let size = bytes.len() + 1;
        let place = self.malloc.call(&mut self.store, size as u32).expect("malloc returns");
        let room = self.memory.data_mut(&mut self.store).get_mut(place as usize..place as usize + size);
        let room = room.expect("memory of malloc lies in memory");
        assert_ne!(place, 0, "malloc has no memory for {size} bytes");
        room[..bytes.len()].copy_from_slice(bytes);
        room[bytes.len()] = 0;
        place
    }

    fn take_back(&mut self, place: u32, length: usize) {
        self.memory.data_mut(&mut self.store)[place as usize..=place as usize + length].fill(JUNK);
        self.free.call(&mut self.store, place).expect("free returns");
    }

    fn read(&self, answer: u32) -> Answer {
        let rest = self.memory.data(&self.store).get(answer as usize..).expect("the answer lies in memory");
        let end = rest.iter().position(|byte| *byte == 0).expect("a NUL ends the answer");
        if end == 0 { Answer::Dropped } else { Answer::Object(rest[..end].to_vec()) }
    }
}

/// True if it is one JSON object. An object that nests deeper than serde_json reads counts as one.
fn is_readable(record: &[u8]) -> bool {
    let read = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(record);
    read.map_or_else(|error| error.to_string().starts_with("recursion limit"), |_| true)
}

/// Checks that it is one JSON object, and that it repeats no key that the record did not repeat.
fn check(object: &[u8], record: &[u8]) -> Result<(), String> {
    let keys: Keys = serde_json::from_slice(object).map_err(|error| error.to_string())?;
    let Keys(before) = serde_json::from_slice(record).unwrap_or_default();
    let mut seen = HashSet::new();
    for key in &keys.0 {
        if !seen.insert(key) && !before.contains(key) {
            return Err(format!("{key:?} stands there twice"));
        }
    }
    Ok(())
}

/// The keys of an object, in their order. Nested values are skipped at any depth.
#[derive(Debug, Default)]
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Keys;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Keys, M::Error> {
                let mut keys = Vec::new();
                while let Some((key, IgnoredAny)) = members.next_entry()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// The beginning of a text that may have a megabyte.
fn shown(bytes: &[u8]) -> impl fmt::Display {
    bytes[..bytes.len().min(2000)].escape_ascii()
}
