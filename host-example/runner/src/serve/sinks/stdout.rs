//! The sink that writes lines to standard output.

use super::Batch;
use super::failure::Failure;
use std::io;
use tokio::io::AsyncWriteExt;

/// Writes lines to standard output.
pub(super) struct Stdout;

impl Stdout {
    pub(super) async fn deliver(&self, batch: &Batch<'_>) -> Result<(), Failure> {
        let mut out = tokio::io::stdout();
        let written = async {
            out.write_all(&batch.lines()).await?;
            out.flush().await
        };
        match written.await {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::Closed),
            written => Ok(written?),
        }
    }
}
