//! Signing out: of pglab always, and of the provider where the session came from it and it says how. Without that, the
//! next person at a shared computer would be let in as the last one.

use pglab_core::oidc::SignOut;
use pglab_store::oidc_account;

use super::sign_in::token_purpose;
use crate::{
    Control, Error,
    session::{self, Identified},
};

/// Ends the session. The answer is where the browser goes on to, to sign out of the provider too.
///
/// # Errors
/// Not signed in.
pub async fn sign_out(control: &Control, identified: &Identified) -> Result<Option<String>, Error> {
    let sealed = match &identified.session {
        Some(session) => oidc_account::id_token_of(control.store.pool(), session.token_hash)
            .await?
            .map(|sealed| (sealed, token_purpose(&session.token_hash))),
        None => None,
    };
    session::end(control, identified).await?;
    let (Some(oidc), Some((sealed, purpose))) = (control.oidc(), sealed) else {
        return Ok(None);
    };
    if oidc.settings().sign_out == SignOut::Local {
        return Ok(None);
    }
    let id_token = control.sealer.open(&purpose, &sealed).ok();
    let back = format!("{}/sign-in", control.public_url);
    match oidc.sign_out_url(id_token.as_deref(), &back, control.now()).await {
        Ok(url) => Ok(url),
        Err(error) => {
            tracing::warn!(%error, "somebody was signed out of pglab, not of the provider");
            Ok(None)
        }
    }
}
