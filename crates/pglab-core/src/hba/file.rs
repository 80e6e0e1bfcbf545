//! Our part inside of a whole `pg_hba.conf`, found by its marks. What others wrote outside of them is not touched.

pub const BEGIN: &str = "# BEGIN pglab (changes between these marks are lost)";
pub const END: &str = "# END pglab";

/// How the first mark begins, whatever it goes on to say.
const BEGIN_PREFIX: &str = "# BEGIN pglab";

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpliceError {
    #[error(
        "the marks \"{BEGIN_PREFIX}\" and \"{END}\" in pg_hba.conf are damaged; remove both and what stands between them"
    )]
    Marks,
}

/// From where to where the block reaches, in bytes, with its last line break.
fn reach(file: &str) -> Result<Option<(usize, usize)>, SpliceError> {
    let (mut begin, mut end, mut at) = (None, None, 0);
    for line in file.split_inclusive('\n') {
        let next = at + line.len();
        let text = line.trim_end();
        if text.starts_with(BEGIN_PREFIX) {
            if begin.replace(at).is_some() {
                return Err(SpliceError::Marks);
            }
        } else if text == END && end.replace(next).is_some() {
            return Err(SpliceError::Marks);
        }
        at = next;
    }
    match (begin, end) {
        (None, None) => Ok(None),
        (Some(begin), Some(end)) if begin < end => Ok(Some((begin, end))),
        _ => Err(SpliceError::Marks),
    }
}

/// Our part, if it is there.
///
/// # Errors
/// The marks are damaged.
pub fn block_in(file: &str) -> Result<Option<&str>, SpliceError> {
    Ok(reach(file)?.and_then(|(begin, end)| file.get(begin..end)))
}

/// The file with `block` in place of our part. Where there is none yet, it comes first: the first line that fits decides.
///
/// # Errors
/// The marks are damaged.
pub fn spliced(file: &str, block: &str) -> Result<String, SpliceError> {
    let (before, after) = match reach(file)? {
        Some((begin, end)) => (
            file.get(..begin).unwrap_or_default(),
            file.get(end..).unwrap_or_default(),
        ),
        None => ("", file),
    };
    Ok(format!("{before}{block}{after}"))
}
