//! The interface for JavaScript: questions and answers in JSON, and columns directly in memory.
//!
//! There is one import, `host.read(file, at, into, length)`. It reads bytes of a file into memory and returns their
//! number, or -1 if they cannot be read.

use crate::ask::Desk;
use authsieve_inputs::Store;
use std::cell::RefCell;
use std::io::{self, Error};
use std::sync::Arc;

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    fn read(file: u32, at: f64, into: *mut u8, length: usize) -> i32;
}

/// A file of the page.
#[derive(Debug)]
struct Held {
    file: u32,
    size: u64,
}

impl Store for Held {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.size.saturating_sub(at)).unwrap_or(usize::MAX);
        let length = into.len().min(most);
        if length == 0 {
            return Ok(0);
        }
        // SAFETY: the host writes no more than `length` bytes, all of them in `into`.
        let read = unsafe { read(self.file, at as f64, into.as_mut_ptr(), length) };
        usize::try_from(read).map_err(|_| Error::other("the browser cannot read the file any more"))
    }
}

struct Face {
    desk: Desk,
    question: Vec<u8>,
    answer: Vec<u8>,
}

thread_local! {
    static FACE: RefCell<Face> = const {
        RefCell::new(Face {
            desk: Desk::new(|file, size| Arc::new(Held { file, size })),
            question: Vec::new(),
            answer: Vec::new(),
        })
    };
}

/// Makes room for a question of this length, and returns its address.
#[unsafe(no_mangle)]
pub extern "C" fn question(length: usize) -> *mut u8 {
    FACE.with_borrow_mut(|face| {
        face.question = vec![0; length];
        face.question.as_mut_ptr()
    })
}

/// Answers the question. Returns the length of the answer, or a number below 0 for an error. The answer is then the
/// error text.
#[unsafe(no_mangle)]
pub extern "C" fn ask() -> i32 {
    FACE.with_borrow_mut(|face| {
        let question = std::mem::take(&mut face.question);
        let (answer, sign) = match face.desk.answer(&question) {
            Ok(answer) => (answer, 1),
            Err(why) => (why, -1),
        };
        face.answer = answer.into_bytes();
        sign * i32::try_from(face.answer.len()).unwrap_or(i32::MAX)
    })
}

/// The address of the answer.
#[unsafe(no_mangle)]
pub extern "C" fn answer() -> *const u8 {
    FACE.with_borrow(|face| face.answer.as_ptr())
}

/// The number of events.
#[unsafe(no_mangle)]
pub extern "C" fn rows() -> usize {
    FACE.with_borrow(|face| face.desk.session().map_or(0, |session| session.events.len()))
}

/// The address of the times of events, in microseconds since 1970.
#[unsafe(no_mangle)]
pub extern "C" fn times() -> *const i64 {
    FACE.with_borrow(|face| {
        face.desk.session().map_or(std::ptr::null(), |session| session.events.time.as_ptr())
    })
}

/// The address of a column.
#[unsafe(no_mangle)]
pub extern "C" fn column(place: usize) -> *const u32 {
    let column = |face: &Face| Some(face.desk.session()?.events.column(place)?.as_ptr());
    FACE.with_borrow(|face| column(face).unwrap_or(std::ptr::null()))
}
