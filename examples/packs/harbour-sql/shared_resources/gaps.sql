-- A hidden dataset: the harbour with other ports, ships and people, more ties, and more that is missing.

INSERT INTO port (code, name, island, latitude, longitude, depth_m, has_fuel) VALUES
    ('SVA', 'Svartskär', 'Svartskär', 58.4000, 18.9000, 6.0, true),
    ('ASP', 'Aspö Södra', 'Aspö', 58.4500, 18.9500, 5.9, false),
    ('ASN', 'Aspö Norra', 'Aspö', 58.4600, 18.9500, 6.1, true);

INSERT INTO ship (id, name, call_sign, built_year, length_m, draught_m, seats, cargo_limit_kg, home_port, retired_on) VALUES
    (101, 'Alfågeln', 'SKAX1', 2000, 84.0, 3.0, 320, 100, 'SVA', NULL),
    (102, 'Sothönan', 'SKAX2', 1999, 30.0, 2.0, 320, 100, NULL, NULL),
    (103, 'Zebrafinken', 'SKAX3', 2001, 62.0, 2.0, 0, 0, 'NOR', NULL),
    (104, 'Beckasinen', 'SKAX4', 1950, 200.0, 5.0, 700, 0, NULL, '2020-01-01');

INSERT INTO route (id, from_port, to_port, distance_nm, minutes) VALUES
    (101, 'GRA', 'SVA', 7.7, 61),
    (102, 'SVA', 'ASP', 3.3, 100),
    (103, 'NOR', 'MAR', 50.0, 7),
    (104, 'MAR', 'EID', 20.0, 90);

INSERT INTO sailing (id, route_id, ship_id, departs_at, arrives_at, state) VALUES
    (1001, 101, 101, '2026-06-20 08:00:00+02', '2026-06-20 09:00:00+02', 'planned'),
    (1002, 101, 101, '2026-06-20 10:00:00+02', '2026-06-20 11:00:00+02', 'cancelled'),
    (1003, 102, 101, '2026-06-20 12:00:00+02', '2026-06-20 13:00:00+02', 'planned');

INSERT INTO crew_member (id, name, rank, license_no, hired_on, mentor_id) VALUES
    (101, 'Sanna Ek', 'captain', 'CA-9001', '2025-01-01', NULL),
    (102, 'Tore Lund', 'captain', 'CA-9002', '2025-01-01', 101),
    (103, 'Ulla Grahn', 'steward', NULL, '1999-01-01', 103);

INSERT INTO passenger (full_name, email, born_on, country, island_resident) VALUES
    ('Nobody At All', 'nobody@organic.example', NULL, 'IS', false),
    ('Capital Letters', 'CAPITAL@EXAMPLE.ORG', '2000-01-01', 'IS', true),
    ('Ninety', 'ninety@example.org', '1990-01-01', 'IS', true),
    ('Ninety-nine', 'ninetynine@example.com', '1999-12-31', 'IS', false),
    ('Island Five', 'five@example.com', '2010-05-05', 'IS', false);

-- Somebody who booked and cancelled everything, and somebody with two classes in one sailing.
INSERT INTO booking (id, reference, sailing_id, passenger_id, class, seats, price_each, booked_at, cancelled_at)
SELECT 10001, 'XXAAA1', 1001, id, 'deck', 2, 10.00, '2026-06-10 23:30:00+02', '2026-06-12 23:30:00+02'
FROM passenger WHERE full_name = 'Capital Letters';
INSERT INTO booking (id, reference, sailing_id, passenger_id, class, seats, price_each, booked_at, cancelled_at)
SELECT 10006, 'XXAAA6', 1, id, 'deck', 2, 74.00, '2026-05-20 10:00:00+02', '2026-05-29 10:00:00+02'
FROM passenger WHERE full_name = 'Capital Letters';
INSERT INTO booking (id, reference, sailing_id, passenger_id, class, seats, price_each, booked_at)
SELECT new.id, new.reference, new.sailing_id, passenger.id, new.class::cabin_class, new.seats, new.price_each, new.booked_at::timestamptz
FROM (VALUES
    (10002, 'XXAAA2', 1001, 'Ninety', 'deck', 1, 10.00, '2026-06-10 00:30:00+02'),
    (10003, 'XXAAA3', 1003, 'Ninety', 'saloon', 9, 99.99, '2026-06-10 12:30:00+02'),
    (10004, 'XXAAA4', 1, 'Ninety-nine', 'cabin', 1, 400.00, '2026-06-11 12:30:00+02'),
    (10005, 'XXAAA5', 1, 'Ninety-nine', 'deck', 1, 74.00, '2026-06-11 12:30:00+02')
) AS new (id, reference, sailing_id, passenger, class, seats, price_each, booked_at)
JOIN passenger ON passenger.full_name = new.passenger;

-- Two sailings of a route with equal load; many small bookings against few large ones.
INSERT INTO sailing (id, route_id, ship_id, departs_at, arrives_at) VALUES
    (1004, 102, 101, '2026-06-21 12:00:00+02', '2026-06-21 13:00:00+02');
INSERT INTO booking (id, reference, sailing_id, passenger_id, class, seats, price_each, booked_at)
SELECT 10010 + n, 'YYAAA' || n, 1004, 1 + n, 'deck', 3, 5.00, '2026-06-12 12:00:00+02' FROM generate_series(1, 3) AS n;

INSERT INTO cargo (id, sailing_id, description, weight_kg) VALUES
    (1001, 1003, 'Bricks', 1500), (1002, 1003, 'Tiles', 1500), (1003, 1004, 'Gravel', 2000), (1004, 1001, 'Anchor', 2001);

UPDATE incident SET resolved = NOT resolved WHERE id % 3 = 0;
DELETE FROM incident WHERE port_code = 'NOR';
