//! Lines to a TCP or unix socket.
//!
//! The receiver acknowledges nothing: a line counts as delivered once the kernel has it. A connection that the receiver
//! has closed is noticed before the next line is written to it.

use super::Batch;
use super::failure::Failure;
use super::place::Place;
use crate::serve::net::{Access, Stream};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A socket.
pub(super) struct Socket {
    place: Place,
    access: Access,
    open: Option<Stream>,
}

impl Socket {
    pub(super) fn new(place: &Place, access: &Access) -> Self {
        Self { place: place.clone(), access: access.clone(), open: None }
    }

    pub(super) async fn deliver(&mut self, batch: &Batch<'_>) -> Result<(), Failure> {
        Ok(self.write(&batch.lines()).await?)
    }

    /// Writes bytes, over a new connection if there is none.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut stream = match still(self.open.take()).await {
            Some(stream) => stream,
            None => self.place.connect(&self.access).await?,
        };
        stream.write_all(bytes).await?;
        stream.flush().await?;
        self.open = Some(stream);
        Ok(())
    }
}

/// A connection, unless the other side has closed it. What the other side says meanwhile is read and ignored.
pub(super) async fn still(open: Option<Stream>) -> Option<Stream> {
    let mut stream = open?;
    let mut buffer = [0; 1024];
    loop {
        tokio::select! {
            biased;
            read = stream.read(&mut buffer) => if read.unwrap_or(0) == 0 { return None },
            // Nothing waits to be read.
            () = std::future::ready(()) => break,
        }
    }
    Some(stream)
}
