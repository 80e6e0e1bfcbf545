//! One GET over plain HTTP, for the programs beside pglab whose state is shown: an SQL exporter, Prometheus. Nothing
//! of students goes this way.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(3);
const MAX_BYTES: u64 = 16 << 20;

/// The body of a 200 answer; otherwise what went wrong, as a sentence.
///
/// # Errors
/// It does not answer, or not with 200.
pub async fn get(address: &str, path: &str) -> Result<String, String> {
    match timeout(PATIENCE, read(address, path)).await {
        Ok(Ok(answer)) => body(&answer),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

async fn read(address: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    // HTTP/1.0 ends with the connection: nothing has to be taken out of chunks.
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nAccept: */*\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MAX_BYTES).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn body(answer: &str) -> Result<String, String> {
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or_else(|| "it does not speak HTTP".to_owned())?;
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    if status == "200" {
        Ok(body.to_owned())
    } else {
        Err(format!("it answers with the status {status}"))
    }
}
