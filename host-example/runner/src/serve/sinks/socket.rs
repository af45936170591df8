//! The sink that writes lines to a TCP or Unix socket.
//!
//! The receiver acknowledges nothing: a line counts as delivered when the kernel has it. Before each write the sink
//! checks if the receiver has closed the connection.

use super::Batch;
use super::failure::Failure;
use super::place::Place;
use crate::serve::net::{Access, Stream};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Writes lines to a socket.
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

    /// Writes bytes. Connects first if there is no connection.
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

/// Returns the connection, unless the other side has closed it. Data from the other side is read and dropped.
pub(super) async fn still(open: Option<Stream>) -> Option<Stream> {
    let mut stream = open?;
    let mut buffer = [0; 1024];
    loop {
        tokio::select! {
            biased;
            read = stream.read(&mut buffer) => if read.unwrap_or(0) == 0 { return None },
            // No data is waiting.
            () = std::future::ready(()) => break,
        }
    }
    Some(stream)
}
