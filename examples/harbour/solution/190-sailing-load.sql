-- How full each sailing is.
CREATE VIEW sailing_load AS
SELECT sailing.id AS sailing_id,
       ship.name AS ship,
       ship.seats AS capacity,
       coalesce(booked.seats, 0) AS seats_booked,
       round(100.0 * coalesce(booked.seats, 0) / ship.seats, 1) AS percent_full,
       coalesce(loaded.weight_kg, 0) AS cargo_kg,
       coalesce(loaded.weight_kg, 0) > ship.cargo_limit_kg AS overloaded
FROM sailing
JOIN ship ON ship.id = sailing.ship_id
LEFT JOIN (
    SELECT sailing_id, sum(seats) AS seats
    FROM booking
    WHERE cancelled_at IS NULL
    GROUP BY sailing_id
) AS booked ON booked.sailing_id = sailing.id
LEFT JOIN (
    SELECT sailing_id, sum(weight_kg) AS weight_kg
    FROM cargo
    GROUP BY sailing_id
) AS loaded ON loaded.sailing_id = sailing.id
WHERE sailing.state <> 'cancelled';
