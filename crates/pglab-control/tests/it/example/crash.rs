//! The reconciler is stopped at random points, as by the end of its process, and started again.

use std::time::Duration;

use pglab_control::example::{self, ExampleState};
use pglab_core::lab::Start;
use pglab_testkit::SeededRandom;
use tokio::time::timeout;

use super::{SHOP, Shop};

#[tokio::test]
async fn stopped_anywhere_it_ends_with_one_example() {
    const ROUNDS: u64 = 12;
    let shop = Shop::new(Start::Schema).await;
    let random = SeededRandom::new(0x5eed);
    shop.upload(SHOP).await.unwrap();
    let mut n_stopped = 0;
    for round in 1..=ROUNDS {
        // Longer from round to round, so that every phase is met.
        let patience = Duration::from_millis(random.next_u64() % (round * 120));
        if timeout(patience, example::activate(&shop.control)).await.is_err() {
            n_stopped += 1;
        } else {
            // It was done: once more from the beginning.
            shop.upload(SHOP).await.unwrap();
        }
    }
    assert!(n_stopped > 3, "the stops came too late: {n_stopped}");
    shop.activate().await;
    let view = shop.show().await;
    assert_eq!(view.state, ExampleState::Ready, "{view:?}");
    let found = shop.on_the_cluster().await;
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("pglab_ex_shop_"), "{found:?}");
    assert!(found[1].starts_with("pglab_st_shop_"), "{found:?}");
    assert_eq!(found[2], "role pglab_lab_shop");
    assert_eq!(shop.uploads().len(), 1);
    let keys: Vec<String> = shop.tasks().await.into_iter().map(|(key, ..)| key).collect();
    // All but the rows is given.
    assert_eq!(
        keys,
        [
            "table:public.artist",
            "table:public.album",
            "view:public.discography"
        ]
    );
}
