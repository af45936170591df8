//! The allocator of a module: that of the standard library, kept from being inlined.
//!
//! Link-time optimisation would otherwise inline it wherever a string is dropped. These hundreds of copies would make
//! half of a module.

use std::alloc::{GlobalAlloc, Layout, System};

struct Outlined;

#[global_allocator]
static MEMORY: Outlined = Outlined;

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Outlined {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the promise of `GlobalAlloc`.
        unsafe { System.alloc(layout) }
    }

    #[inline(never)]
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(place, layout) }
    }

    #[inline(never)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as promised by the caller.
        unsafe { System.alloc_zeroed(layout) }
    }

    #[inline(never)]
    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as promised by the caller.
        unsafe { System.realloc(place, layout, size) }
    }
}
