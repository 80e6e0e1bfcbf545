//! Waiting while an example is made: for our own database at the last moment, and for what can't be done now.

use pglab_control::example::ExampleState;
use pglab_core::lab::Start;

use tokio::runtime::Builder;

use super::{SHOP, Shop};

/// The commit that makes an example ready takes longer than the time after which it is asked whether it is still
/// wanted, and both answers come at the same moment.
#[test]
fn being_ready_is_not_taken_for_being_no_longer_wanted() {
    // Which of the two answers is looked at first is a matter of chance.
    const ROUNDS: usize = 5;
    // It goes on while that of the test stands still.
    let aside = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let of_the_test = Builder::new_current_thread().enable_all().build().unwrap();
    of_the_test.block_on(async {
        let shop = Shop::new(Start::Empty).await;
        let superuser = async || shop.control.server.superuser("pglab").await;
        let lock = "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS \
               $$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END $$; \
             CREATE CONSTRAINT TRIGGER wait AFTER UPDATE ON example DEFERRABLE INITIALLY DEFERRED \
               FOR EACH ROW WHEN (NEW.state = 'ready') EXECUTE FUNCTION wait()";
        superuser().await.batch_execute(lock).await.unwrap();
        let own = blocking(|| aside.block_on(superuser()));
        for _ in 0..ROUNDS {
            own.batch_execute("SELECT pg_advisory_lock(4711)").await.unwrap();
            shop.upload(SHOP).await.unwrap();
            let release = async {
                let n = async |what: &str| own.query_one(what, &[]).await.unwrap().get::<_, i64>(0);
                let long = "SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' \
                    AND wait_event_type = 'Lock' AND clock_timestamp() - state_change > interval '1.5 s'";
                while n(long).await == 0 {}
                let busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'pglab' \
                    AND state <> 'idle' AND pid <> pg_backend_pid()";
                let answered = async {
                    own.batch_execute("SELECT pg_advisory_unlock(4711)")
                        .await
                        .unwrap();
                    while n(busy).await > 0 {}
                };
                blocking(|| aside.block_on(answered));
            };
            let (summary, ()) = tokio::join!(shop.activate(), release);
            assert_eq!((summary.ready, summary.given_up), (1, 0), "{summary:?}");
        }
    });
}

/// On a thread of its own, while this one stands still.
fn blocking<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().unwrap())
}

#[tokio::test]
async fn what_is_put_off_says_why() {
    let shop = Shop::new(Start::Empty).await;
    let superuser = shop.control.server.superuser("postgres").await;
    superuser
        .batch_execute("CREATE DATABASE pglab_ex_shop_1")
        .await
        .unwrap();
    shop.upload(SHOP).await.unwrap();
    let summary = shop.activate().await;
    let reason =
        "the database \"pglab_ex_shop_1\" exists and was not made by pglab, which therefore leaves it alone";
    assert_eq!(summary.to_string(), format!("1 put off (shop: {reason})"));
    let view = shop.show().await;
    assert_eq!(view.state, ExampleState::Loading);
    assert_eq!(view.waits_for.as_deref(), Some(reason));
    superuser
        .batch_execute("DROP DATABASE pglab_ex_shop_1")
        .await
        .unwrap();
    assert_eq!(shop.activate().await.ready, 1);
    assert_eq!(shop.show().await.waits_for, None);
}
