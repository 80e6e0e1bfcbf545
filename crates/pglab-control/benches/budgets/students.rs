//! The class at work, as a program of its own, so that its CPU is not taken for pglab's: this program again, told what
//! to do on its standard input. It ends when that is closed.

use std::{
    io::{BufRead, Write},
    time::Duration,
};

use futures::future::try_join_all;
use pglab_control::SystemClock;
use pglab_core::{Clock, ident::Ident};
use pglab_fleet::{Address, Cluster, Connection, private::SUPERUSER};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::mpsc,
    time::{Instant, interval, interval_at},
};

use crate::Outcome;

#[derive(Debug, Serialize, Deserialize)]
pub struct Orders {
    pub port: u16,
    pub superuser_password: String,
    /// Between two statements of one student.
    pub period: Duration,
    pub students: Vec<Student>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Student {
    pub login: String,
    pub password: String,
    pub database: String,
}

/// What happened, one to a line of the standard output.
#[derive(Debug, Serialize, Deserialize)]
pub enum Happened {
    /// Everybody is connected.
    Ready,
    /// PostgreSQL has just told the student that it is committed; the table is now as the example has it, or not.
    Committed {
        login: String,
        right: bool,
        at_micros: i64,
    },
    /// So many sessions of checkers.
    Checkers(i64),
}

pub fn now_micros() -> i64 {
    SystemClock.now().timestamp_micros()
}

/// Changes one row of the example back and forth.
pub fn statement(right: bool) -> &'static str {
    if right {
        "UPDATE ship SET seats = 40 WHERE id = 12"
    } else {
        "UPDATE ship SET seats = 41 WHERE id = 12"
    }
}

pub async fn work() -> Outcome<()> {
    let (first, closed) = tokio::sync::oneshot::channel();
    let (orders_in, orders) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut line = String::new();
        if input.read_line(&mut line).is_ok() {
            let _ = orders_in.send(line.clone());
        }
        // Until it is closed.
        let _ = input.read_line(&mut line);
        let _ = first.send(());
    });
    let orders: Orders = serde_json::from_str(&orders.await?)?;
    tokio::select! {
        done = obey(&orders) => done,
        _ = closed => Ok(()),
    }
}

async fn obey(orders: &Orders) -> Outcome<()> {
    let address = Address {
        host: "127.0.0.1".to_owned(),
        port: orders.port,
    };
    let cluster = Cluster::new(
        address,
        Vec::new(),
        SUPERUSER.to_owned(),
        orders.superuser_password.clone(),
    );
    let (say, mut said) = mpsc::unbounded_channel();
    let mut seats = Vec::new();
    for student in &orders.students {
        let config = cluster.login_config(
            &Ident::new(student.login.clone())?,
            &student.password,
            &Ident::new(student.database.clone())?,
        );
        seats.push((student, Connection::open(&config).await?));
    }
    let maintenance = cluster.maintenance().await?;
    say.send(Happened::Ready)?;
    let began = Instant::now();
    let n = u32::try_from(seats.len().max(1))?;
    let class = (0..n).zip(&seats).map(|(nth, (student, connection))| {
        let say = say.clone();
        async move {
            let mut clock = interval_at(began + orders.period * nth / n, orders.period);
            let mut right = false;
            loop {
                clock.tick().await;
                connection.batch_execute(statement(right)).await?;
                say.send(Happened::Committed {
                    login: student.login.clone(),
                    right,
                    at_micros: now_micros(),
                })?;
                right = !right;
            }
            #[expect(unreachable_code, reason = "says what the errors are")]
            Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
        }
    });
    let count = async {
        let query = maintenance
            .prepare("SELECT count(*) FROM pg_stat_activity WHERE usename LIKE 'pglab\\_chk\\_%'")
            .await?;
        let mut clock = interval(Duration::from_millis(500));
        loop {
            clock.tick().await;
            let row = maintenance.query_one(&query, &[]).await?;
            say.send(Happened::Checkers(row.get(0)))?;
        }
        #[expect(unreachable_code, reason = "says what the errors are")]
        Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    };
    let write = async {
        let mut output = std::io::stdout();
        while let Some(happened) = said.recv().await {
            let mut line = serde_json::to_string(&happened)?;
            line.push('\n');
            output.write_all(line.as_bytes())?;
            output.flush()?;
        }
        Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    };
    tokio::try_join!(try_join_all(class), count, write)?;
    Ok(())
}
