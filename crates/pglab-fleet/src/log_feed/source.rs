//! Where the log is: a folder on this machine, or the server itself, which reads it to a maintenance role that may.
//! Follows rotation by the times of the files, and notices a file that was cut short.

use std::{io::SeekFrom, path::PathBuf};

use chrono::{DateTime, Utc};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::{Entry, Format, LogError, Reader};
use crate::Connection;

/// How much is read at a time.
const PIECE_BYTES: u64 = 1 << 20;
/// How much is read in one call of [`LogSource::read`]; the rest comes with the next.
const BATCH_BYTES: u64 = 16 << 20;

#[derive(Debug)]
struct LogFile {
    name: String,
    size: u64,
    modified: DateTime<Utc>,
}

/// Everything of `file` before `offset` was read, and so were all files before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    pub file: String,
    pub offset: u64,
}

#[derive(Debug, Default)]
pub struct Batch {
    pub entries: Vec<Entry>,
    /// Where to go on; `None` while there is no log.
    pub position: Option<Position>,
    /// There is more to read at once.
    pub more: bool,
}

#[derive(Debug)]
pub struct LogSource {
    place: Place,
    /// The file that it last read, where it stands in it, and the record that was begun there.
    open: Option<(Position, Reader)>,
}

#[derive(Debug)]
enum Place {
    Folder(PathBuf),
    Server,
}

impl LogSource {
    /// The log files are readable here.
    pub fn folder(path: PathBuf) -> Self {
        Self {
            place: Place::Folder(path),
            open: None,
        }
    }

    /// The server reads them to us, if its maintenance role is superuser or a member of `pg_monitor` and may execute
    /// `pg_read_binary_file`.
    pub fn server() -> Self {
        Self {
            place: Place::Server,
            open: None,
        }
    }

    /// Entries after `position`; without one it begins at the end of what there is now.
    ///
    /// # Errors
    /// The folder, or the server, can't be read.
    pub async fn read(&mut self, server: &Connection, position: Option<Position>) -> Result<Batch, LogError> {
        let mut files = self.files(server).await?;
        let Some(format) = [Format::Json, Format::Csv]
            .into_iter()
            .find(|format| files.iter().any(|file| file.name.ends_with(format.extension())))
        else {
            return Ok(Batch {
                position,
                ..Batch::default()
            });
        };
        files.retain(|file| file.name.ends_with(format.extension()));
        files.sort_by(|a, b| (&a.modified, &a.name).cmp(&(&b.modified, &b.name)));
        let Some(mut position) = position.or_else(|| {
            files.last().map(|file| Position {
                file: file.name.clone(),
                offset: file.size,
            })
        }) else {
            return Ok(Batch::default());
        };
        // Somebody else wrote the position since, or this is the beginning: read the begun record again.
        let mut reader = match self.open.take() {
            Some((at, reader)) if at == position => reader,
            _ => Reader::new(format),
        };
        let mut batch = Batch::default();
        let mut budget = BATCH_BYTES;
        loop {
            // Where the record begins that the reader has in part.
            let open = files.iter().position(|file| file.name == position.file);
            let size = open.map_or(0, |open| files[open].size);
            let mut at = position.offset + reader.n_begun();
            if size < at {
                if open.is_some() {
                    position.offset = 0;
                    at = 0;
                }
                reader.reset();
            }
            // A file that another one follows is whole, and may have grown since its size was taken.
            let is_whole = open.is_some_and(|open| open + 1 < files.len());
            let end = if is_whole { u64::MAX } else { size };
            while at < end && budget > 0 {
                let length = (end - at).min(PIECE_BYTES).min(budget);
                let piece = self.piece(server, &position.file, at, length).await?;
                if piece.is_empty() {
                    break;
                }
                reader.push(&piece, &mut batch.entries);
                at += piece.len() as u64;
                budget = budget.saturating_sub(piece.len() as u64);
                position.offset = at - reader.n_begun();
            }
            if budget == 0 {
                batch.more = true;
                break;
            }
            let next = match open {
                // The server writes into the last file; all before it are whole.
                Some(open) => files.get(open + 1),
                // It was removed: by its name, where names tell the time.
                None => files
                    .iter()
                    .filter(|file| file.name > position.file)
                    .min_by(|a, b| a.name.cmp(&b.name))
                    .or(files.last()),
            };
            let Some(next) = next else { break };
            position = Position {
                file: next.name.clone(),
                offset: 0,
            };
            reader.reset();
        }
        batch.position = Some(position.clone());
        self.open = Some((position, reader));
        Ok(batch)
    }

    async fn files(&self, server: &Connection) -> Result<Vec<LogFile>, LogError> {
        let mut files = Vec::new();
        match &self.place {
            Place::Folder(folder) => {
                let failed = |source| LogError::File {
                    path: folder.display().to_string(),
                    source,
                };
                let mut entries = match tokio::fs::read_dir(folder).await {
                    Ok(entries) => entries,
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(files),
                    Err(error) => return Err(failed(error)),
                };
                while let Some(entry) = entries.next_entry().await.map_err(failed)? {
                    // A file that is removed just now has no size.
                    if let (Ok(name), Ok(metadata)) =
                        (entry.file_name().into_string(), entry.metadata().await)
                        && metadata.is_file()
                    {
                        files.push(LogFile {
                            name,
                            size: metadata.len(),
                            modified: metadata.modified().map(DateTime::from).map_err(failed)?,
                        });
                    }
                }
            }
            Place::Server => {
                let rows = server
                    .query("SELECT name, size, modification FROM pg_ls_logdir()", &[])
                    .await
                    .map_err(crate::Error::from)?;
                for row in rows {
                    let size: i64 = row.try_get(1).map_err(crate::Error::from)?;
                    files.push(LogFile {
                        name: row.try_get(0).map_err(crate::Error::from)?,
                        size: u64::try_from(size).unwrap_or(0),
                        modified: row.try_get(2).map_err(crate::Error::from)?,
                    });
                }
            }
        }
        Ok(files)
    }

    async fn piece(
        &self,
        server: &Connection,
        file: &str,
        at: u64,
        length: u64,
    ) -> Result<Vec<u8>, LogError> {
        match &self.place {
            Place::Folder(folder) => {
                let path = folder.join(file);
                let read = async {
                    let mut open = tokio::fs::File::open(&path).await?;
                    open.seek(SeekFrom::Start(at)).await?;
                    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
                    open.take(length).read_to_end(&mut bytes).await?;
                    Ok::<_, std::io::Error>(bytes)
                };
                match read.await {
                    Ok(bytes) => Ok(bytes),
                    // Removed since the folder was listed.
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
                    Err(source) => Err(LogError::File {
                        path: path.display().to_string(),
                        source,
                    }),
                }
            }
            Place::Server => {
                let row = server
                    .query_one(
                        "SELECT coalesce(pg_read_binary_file(current_setting('log_directory') || '/' || $1::text, $2, $3, true), '')",
                        &[
                            &file,
                            &i64::try_from(at).unwrap_or(i64::MAX),
                            &i64::try_from(length).unwrap_or(0),
                        ],
                    )
                    .await
                    .map_err(crate::Error::from)?;
                Ok(row.try_get(0).map_err(crate::Error::from)?)
            }
        }
    }
}
