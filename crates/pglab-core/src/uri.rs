//! URIs of PostgreSQL databases as they may be shown.

/// Without the password, wherever it stands.
pub fn without_password(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return String::new();
    };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    let rest = match rest.rsplit_once('@') {
        Some((user, host)) => format!("{}@{host}", user.split(':').next().unwrap_or_default()),
        None => rest.to_owned(),
    };
    let kept: Vec<&str> = query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .filter(|pair| {
            let key = pair.split('=').next().unwrap_or_default().to_lowercase();
            !key.contains("password") && !key.contains('%')
        })
        .collect();
    let question = if kept.is_empty() { "" } else { "?" };
    format!("{scheme}://{rest}{question}{}", kept.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_told() {
        for (uri, told) in [
            (
                "postgresql://ada:s3cret@db:5432/shop",
                "postgresql://ada@db:5432/shop",
            ),
            ("postgres://ada:a@b:c@db/shop", "postgres://ada@db/shop"),
            (
                "postgresql://db/shop?user=ada&password=x",
                "postgresql://db/shop?user=ada",
            ),
            ("postgresql://db/shop?p%61ssword=x", "postgresql://db/shop"),
            (
                "postgresql:///shop?host=/run&sslpassword=x",
                "postgresql:///shop?host=/run",
            ),
            ("postgresql://db", "postgresql://db"),
        ] {
            assert_eq!(without_password(uri), told);
        }
    }
}
