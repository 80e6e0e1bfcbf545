//! What is inside of the server's messages. Texts are taken as UTF-8 as far as they are: a student can choose another
//! encoding, and raise errors in it.

use bytes::Bytes;
use pglab_core::console::{Column, Complaint, Event, Transaction};
use tokio_postgres::types::Type;

use super::wire::Frame;

/// Each up to its zero byte.
pub(super) fn texts(body: &[u8]) -> impl Iterator<Item = String> + '_ {
    body.split(|byte| *byte == 0)
        .map(|text| String::from_utf8_lossy(text).into_owned())
}

/// An error or a notice, and the position in it: in characters, from 1, of the statement.
pub(super) fn complaint(frame: &Frame) -> (Complaint, Option<u32>) {
    let mut complaint = Complaint::default();
    let mut position = None;
    if let Some(length) = frame.skipped {
        complaint.severity = if frame.tag == b'E' { "ERROR" } else { "NOTICE" }.to_owned();
        complaint.message = format!("(a message of {length} bytes, which is not shown)");
        return (complaint, None);
    }
    for text in texts(&frame.body) {
        let mut rest = text.chars();
        let Some(kind) = rest.next() else { continue };
        let value = rest.as_str().to_owned();
        match kind {
            'V' => complaint.severity = value,
            'C' => complaint.code = value,
            'M' => complaint.message = value,
            'D' => complaint.detail = Some(value),
            'H' => complaint.hint = Some(value),
            'P' => position = value.parse().ok(),
            'q' => complaint.internal_query = Some(value),
            'W' => complaint.context = Some(value),
            't' => complaint.table = Some(value),
            'c' => complaint.column = Some(value),
            'n' => complaint.constraint = Some(value),
            _ => {}
        }
    }
    (complaint, position)
}

pub(super) fn notification(frame: &Frame) -> Event {
    let mut texts = texts(frame.body.get(4..).unwrap_or_default());
    Event::Notification {
        channel: texts.next().unwrap_or_default(),
        payload: texts.next().unwrap_or_default(),
    }
}

pub(super) fn transaction(body: &[u8]) -> Transaction {
    match body {
        b"T" => Transaction::Open,
        b"E" => Transaction::Failed,
        _ => Transaction::None,
    }
}

/// `None` for a body that is none of a description.
pub(super) fn columns(body: &[u8]) -> Option<Vec<Column>> {
    let (n, mut rest) = body.split_first_chunk::<2>()?;
    let mut columns = Vec::new();
    for _ in 0..u16::from_be_bytes(*n) {
        let end = rest.iter().position(|byte| *byte == 0)?;
        let name = String::from_utf8_lossy(&rest[..end]).into_owned();
        // Table, column, type, size, modifier, format.
        let described = rest.get(end + 1..end + 19)?;
        rest = &rest[end + 19..];
        let oid = u32::from_be_bytes(described.get(6..10)?.try_into().ok()?);
        let known = Type::from_oid(oid);
        columns.push(Column {
            name,
            is_number: known.as_ref().is_some_and(|known| {
                [
                    Type::INT2,
                    Type::INT4,
                    Type::INT8,
                    Type::FLOAT4,
                    Type::FLOAT8,
                    Type::NUMERIC,
                    Type::OID,
                    Type::MONEY,
                ]
                .contains(known)
            }),
            type_name: known.map_or_else(|| oid.to_string(), |known| known.name().to_owned()),
        });
    }
    Some(columns)
}

/// The cells of a row, each cut to `max` bytes, and how many were cut. `None` for a body that is none of a row.
pub(super) fn row(body: &Bytes, max: usize) -> Option<(Vec<Option<String>>, u64)> {
    let (n, mut rest) = body.split_first_chunk::<2>()?;
    let n = u16::from_be_bytes(*n);
    let (mut cells, mut n_cut) = (Vec::with_capacity(usize::from(n)), 0);
    for _ in 0..n {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            cells.push(None);
            rest = after;
            continue;
        };
        let cell = after.get(..length)?;
        rest = &after[length..];
        n_cut += u64::from(length > max);
        cells.push(Some(text(&cell[..length.min(max)])));
    }
    Some((cells, n_cut))
}

/// Without the half of a character at its end.
pub(super) fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(error) if error.error_len().is_none() => {
            String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned()
        }
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_cut_between_characters() {
        let mut body = vec![0, 3];
        body.extend((-1_i32).to_be_bytes());
        body.extend(5_i32.to_be_bytes());
        body.extend("éé1".as_bytes());
        body.extend(2_i32.to_be_bytes());
        body.extend(b"ab");
        let (cells, n_cut) = row(&body.clone().into(), 3).unwrap();
        assert_eq!(cells, [None, Some("é".to_owned()), Some("ab".to_owned())]);
        assert_eq!(n_cut, 1);
        for end in 0..body.len() {
            assert_eq!(row(&Bytes::copy_from_slice(&body[..end]), 3), None, "{end}");
        }
    }
}
