//! Where the Database API listens: an address of its own, this machine's unless somebody says otherwise, or nowhere. What
//! it answers is in `pglab_api::database_api`.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    str::FromStr,
};

use pglab_control::Control;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::server;

/// The port that its clients know.
const PORT: u16 = 8000;
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "String")]
pub enum Place {
    /// 127.0.0.1:8000, as far as it is free.
    #[default]
    Usual,
    At(SocketAddr),
    Off,
}

impl FromStr for Place {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse()
            .map(Self::At)
            .map_err(|_| format!("{text:?} is neither ADDRESS:PORT nor \"off\""))
    }
}

impl TryFrom<String> for Place {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// For `serve`. Several processes on one machine are nothing wrong: where nobody chose an address, and somebody has the
/// usual one, this process goes without.
pub async fn listen(place: Place) -> anyhow::Result<Option<TcpListener>> {
    match place {
        Place::Off => Ok(None),
        Place::At(address) => Ok(Some(server::listen(address).await?)),
        Place::Usual => match TcpListener::bind((ADDRESS, PORT)).await {
            Ok(listener) => Ok(Some(listener)),
            Err(error) => {
                tracing::warn!(
                    %error,
                    "the Database API is not served: {ADDRESS}:{PORT} can't be listened on; choose database_api.listen, or \"off\""
                );
                Ok(None)
            }
        },
    }
}

/// For `up`, which keeps the port of earlier starts and takes any that is free where that is another's.
pub async fn listen_somewhere(place: Place, kept: u16) -> anyhow::Result<Option<TcpListener>> {
    if place != Place::Usual {
        return listen(place).await;
    }
    for port in [kept, PORT].into_iter().filter(|port| *port != 0) {
        if let Ok(listener) = TcpListener::bind((ADDRESS, port)).await {
            return Ok(Some(listener));
        }
    }
    Ok(Some(server::listen(SocketAddr::new(ADDRESS, 0)).await?))
}

/// Answers until `stop`.
pub async fn run(control: Control, listener: TcpListener, stop: CancellationToken) {
    let router = pglab_api::database_api::router(control);
    let served = axum::serve(
        listener,
        router.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(async move { stop.cancelled().await });
    if let Err(error) = served.await {
        tracing::error!(%error, "the listener of the Database API failed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        assert_eq!("off".parse(), Ok(Place::Off));
        assert_eq!(
            "0.0.0.0:81".parse(),
            Ok(Place::At(SocketAddr::from(([0, 0, 0, 0], 81))))
        );
        assert!("8000".parse::<Place>().is_err());
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_not_waited_for() {
        let first = listen_somewhere(Place::Usual, 0).await.unwrap().unwrap();
        let port = first.local_addr().unwrap().port();
        let second = listen_somewhere(Place::Usual, port).await.unwrap().unwrap();
        assert_ne!(second.local_addr().unwrap().port(), port);
        assert!(listen(Place::At(first.local_addr().unwrap())).await.is_err());
        assert!(listen(Place::Off).await.unwrap().is_none());
    }
}
