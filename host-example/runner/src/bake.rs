//! Writes a configuration into a module, for hosts that cannot pass one.
//!
//! Each module of authsieve contains a mark, then the places of four texts (`authsieve_abi::baked`). These are the id,
//! the version, the configuration, and the name of a member. The function [`write()`] appends the texts to the module's
//! data, in new pages of memory, and changes the places. Nothing else changes, and no code runs. So a module can be
//! baked again and again. Baking an empty configuration gives the original module with one empty page.

use authsieve_host::{Analytic, Engine, StartError, filter, is_module};
use wasm_encoder::{
    ConstExpr, DataCountSection, DataSection, MemorySection, MemoryType, RawSection, Section as _,
};
use wasmparser::{
    BinaryReader, DataKind, DataSectionReader, ExportSectionReader, ExternalKind, MemorySectionReader,
    Operator,
};

/// The start of the mark. It equals the one in `authsieve_abi::baked`.
const MARK: &[u8; 16] = b"\0authsieve:bake1";
/// The start of the baked texts.
const TEXTS: &[u8; 16] = b"\0authsieve:text1";
/// The size of the mark with the address and length of each text.
const WIDTH: usize = 16 + 4 * 8;
const PAGE: u64 = 1 << 16;

/// The ids of sections, in modules and components.
const MEMORY: u8 = 5;
const EXPORT: u8 = 7;
const DATA: u8 = 11;
const DATA_COUNT: u8 = 12;
const CORE_MODULE: u8 = 1;

/// The baked texts of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baked {
    /// The id of the analytic, as on the command line.
    pub id: String,
    /// The version of the analytic.
    pub version: String,
    /// The configuration as JSON. Empty for the defaults.
    pub config: String,
    /// The member for the alert in an annotated record.
    pub key: String,
}

/// Why a file is not a module, or cannot be baked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

impl From<wasmparser::BinaryReaderError> for Error {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        Self(format!("not a WebAssembly module: {error}"))
    }
}

type Result<T> = std::result::Result<T, Error>;

/// Reads the baked texts of a module or component.
///
/// # Errors
/// Fails if the bytes are neither, or not from authsieve.
pub fn read(wasm: &[u8]) -> Result<Baked> {
    let parts = sections(wasm)?;
    if is_module(wasm) {
        return Parts::of(&parts)?.baked();
    }
    let (_, inner) = marked(&parts)?;
    read(inner)
}

/// Writes a configuration (JSON, empty for the defaults) and a key into a module or component. Validates neither:
/// [`check`] does.
///
/// # Errors
/// Fails like [`read`].
pub fn write(wasm: &[u8], config: &str, key: &str) -> Result<Vec<u8>> {
    let parts = sections(wasm)?;
    if is_module(wasm) {
        return Parts::of(&parts)?.bake(wasm, &parts, config, key);
    }
    let (at, inner) = marked(&parts)?;
    let baked = write(inner, config, key)?;
    Ok(assemble(
        wasm,
        parts
            .iter()
            .enumerate()
            .map(|(n, section)| Section { body: if n == at { &baked } else { section.body }, ..*section }),
    ))
}

/// Starts a baked module, to validate its configuration.
///
/// # Errors
/// Fails with the module's own problems of the configuration, or if the module cannot start.
pub fn check(engine: &Engine, name: &str, wasm: &[u8]) -> std::result::Result<(), StartError> {
    if is_module(wasm) {
        return filter::check(engine, wasm);
    }
    let analytic =
        Analytic::load(engine, name, wasm).map_err(|error| StartError::Config(error.to_string()))?;
    analytic.create("", 0).map(drop)
}

/// The functions that a filter for Fluent Bit exports.
///
/// # Errors
/// Fails if the bytes are no core module, or one that Fluent Bit cannot call.
pub fn filter_exports(wasm: &[u8]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for section in sections(wasm)?.iter().filter(|section| section.id == EXPORT) {
        for export in ExportSectionReader::new(BinaryReader::new(section.body, 0))? {
            let export = export?;
            if export.kind == ExternalKind::Func {
                names.push(export.name.to_owned());
            }
        }
    }
    if !names.iter().any(|name| name == "alerts") {
        let why = "no filter for Fluent Bit, as it exports no `alerts`: `export` writes filters to ID.fluent-bit.wasm";
        return Err(Error(why.into()));
    }
    Ok(names)
}

/// A section of a module or component.
#[derive(Clone, Copy)]
struct Section<'a> {
    id: u8,
    body: &'a [u8],
}

/// The sections after the header. Modules and components encode them in the same way.
fn sections(wasm: &[u8]) -> Result<Vec<Section<'_>>> {
    let mut reader = BinaryReader::new(wasm, 0);
    if reader.read_bytes(4)? != b"\0asm" {
        return Err(Error("not a WebAssembly module".into()));
    }
    reader.read_bytes(4)?;
    let mut list = Vec::new();
    while !reader.eof() {
        let id = reader.read_u8()?;
        let length = reader.read_var_u32()?;
        list.push(Section { id, body: reader.read_bytes(length as usize)? });
    }
    Ok(list)
}

fn assemble<'a>(wasm: &[u8], sections: impl Iterator<Item = Section<'a>>) -> Vec<u8> {
    let mut out = wasm.get(..8).unwrap_or_default().to_vec();
    for Section { id, body } in sections {
        RawSection { id, data: body }.append_to(&mut out);
    }
    out
}

/// Finds the module inside a component that can be baked, and the number of its section.
fn marked<'a>(parts: &[Section<'a>]) -> Result<(usize, &'a [u8])> {
    let holds = |section: &Section<'_>| section.body.windows(MARK.len()).any(|part| part == MARK);
    let mut found =
        parts.iter().enumerate().filter(|(_, section)| section.id == CORE_MODULE && holds(section));
    match (found.next(), found.next()) {
        (Some((at, section)), None) => Ok((at, section.body)),
        _ => Err(not_ours()),
    }
}

fn not_ours() -> Error {
    Error("nothing can be baked into it: it is no module that this version of authsieve exports".into())
}

/// The parts of a module that are read or changed.
struct Parts<'a> {
    memory: MemoryType,
    data: Vec<Segment<'a>>,
    /// The place of the mark: the number of the segment, and the offset in it.
    place: (usize, usize),
}

struct Segment<'a> {
    /// The address of the segment. `None` if the code places it.
    at: Option<u32>,
    bytes: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(parts: &[Section<'a>]) -> Result<Self> {
        let section = |id| parts.iter().find(|section| section.id == id).ok_or_else(not_ours);
        let reader = |section: &Section<'a>| BinaryReader::new(section.body, 0);
        let memories = MemorySectionReader::new(reader(section(MEMORY)?))?;
        let memory = memories.into_iter().next().ok_or_else(not_ours)??;
        let mut data = Vec::new();
        for segment in DataSectionReader::new(reader(section(DATA)?))? {
            let segment = segment?;
            let at = match segment.kind {
                DataKind::Passive => None,
                DataKind::Active { memory_index: 0, offset_expr } => {
                    match offset_expr.get_operators_reader().read()? {
                        Operator::I32Const { value } => Some(value.cast_unsigned()),
                        _ => return Err(not_ours()),
                    }
                }
                DataKind::Active { .. } => return Err(not_ours()),
            };
            data.push(Segment { at, bytes: segment.data });
        }
        let mut places = data.iter().enumerate().flat_map(|(n, segment)| {
            segment
                .bytes
                .windows(WIDTH)
                .enumerate()
                .filter(|(_, part)| part.starts_with(MARK))
                .map(move |(at, _)| (n, at))
        });
        let (Some(place), None) = (places.next(), places.next()) else { return Err(not_ours()) };
        drop(places);
        let memory = MemoryType {
            minimum: memory.initial,
            maximum: memory.maximum,
            memory64: memory.memory64,
            shared: memory.shared,
            page_size_log2: memory.page_size_log2,
        };
        Ok(Self { memory, data, place })
    }

    fn baked(&self) -> Result<Baked> {
        let [id, version, config, key] = [0, 1, 2, 3].map(|nth| self.text(nth));
        Ok(Baked { id: id?, version: version?, config: config?, key: key? })
    }

    /// The text with this number.
    fn text(&self, nth: usize) -> Result<String> {
        let (segment, from) = self.place;
        let word = |from: usize| {
            let bytes = self.data.get(segment)?.bytes.get(from..)?.first_chunk()?;
            Some(u32::from_le_bytes(*bytes))
        };
        let from = from + MARK.len() + 8 * nth;
        let (at, length) = word(from).zip(word(from + 4)).ok_or_else(not_ours)?;
        let bytes = match length {
            0 => Some(&[][..]),
            _ => self.data.iter().find_map(|segment| {
                let start = at.checked_sub(segment.at?)? as usize;
                segment.bytes.get(start..start.checked_add(length as usize)?)
            }),
        };
        bytes.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()).ok_or_else(not_ours)
    }

    fn bake(mut self, wasm: &[u8], parts: &[Section<'_>], config: &str, key: &str) -> Result<Vec<u8>> {
        // The texts of an earlier bake are replaced.
        let base = match self.data.pop_if(|last| last.bytes.starts_with(TEXTS)).and_then(|last| last.at) {
            Some(base) => base,
            None => u32::try_from(self.memory.minimum * PAGE).map_err(|_| not_ours())?,
        };
        let texts = [TEXTS, config.as_bytes(), key.as_bytes()].concat();
        self.memory.minimum = u64::from(base) / PAGE + (texts.len() as u64).div_ceil(PAGE);
        if self.memory.maximum.is_some_and(|most| most < self.memory.minimum) {
            return Err(Error("its memory has no room for a configuration".into()));
        }
        let mut patched =
            self.data.get(self.place.0).map(|segment| segment.bytes.to_vec()).unwrap_or_default();
        let mut at = base + TEXTS.len() as u32;
        for (nth, text) in [(2, config), (3, key)] {
            let length =
                u32::try_from(text.len()).map_err(|_| Error("the configuration is too long".into()))?;
            let from = self.place.1 + MARK.len() + 8 * nth;
            let place = patched.get_mut(from..from + 8).ok_or_else(not_ours)?;
            place.copy_from_slice(&[at.to_le_bytes(), length.to_le_bytes()].concat());
            at += length;
        }
        let mut data = DataSection::new();
        for (n, segment) in self.data.iter().enumerate() {
            let bytes = if n == self.place.0 { &patched } else { segment.bytes };
            match segment.at {
                Some(at) => data.active(0, &ConstExpr::i32_const(at.cast_signed()), bytes.iter().copied()),
                None => data.passive(bytes.iter().copied()),
            };
        }
        data.active(0, &ConstExpr::i32_const(base.cast_signed()), texts);
        let mut memory = MemorySection::new();
        memory.memory(self.memory);
        let count = DataCountSection { count: data.len() };
        let (memory, data, count) = (body(&memory), body(&data), body(&count));
        Ok(assemble(
            wasm,
            parts.iter().map(|section| Section {
                body: match section.id {
                    MEMORY => &memory,
                    DATA => &data,
                    DATA_COUNT => &count,
                    _ => section.body,
                },
                ..*section
            }),
        ))
    }
}

/// The content of an encoded section, without its length.
fn body(section: &impl wasm_encoder::Encode) -> Vec<u8> {
    let mut out = Vec::new();
    section.encode(&mut out);
    let mut reader = BinaryReader::new(&out, 0);
    let length = reader.read_var_u32().unwrap_or_default();
    reader.read_bytes(length as usize).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests;
