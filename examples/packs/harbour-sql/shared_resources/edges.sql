-- A hidden dataset: few rows, with values exactly at the boundaries that the tasks speak of.

DELETE FROM incident;
DELETE FROM cargo;
DELETE FROM booking WHERE id > 60;
DELETE FROM duty;
UPDATE port SET depth_m = 6.0 WHERE code IN ('NOR', 'GRA');
UPDATE port SET has_fuel = true WHERE code = 'SAL';
UPDATE ship SET retired_on = '2026-05-01' WHERE id IN (1, 3);
UPDATE ship SET home_port = NULL WHERE id IN (2, 5, 6);
UPDATE ship SET seats = 120 WHERE id IN (4, 5, 11);
UPDATE passenger SET born_on = NULL WHERE id % 4 = 0;
UPDATE passenger SET born_on = '1990-01-01' WHERE id IN (1, 2);
UPDATE passenger SET born_on = '2000-01-01' WHERE id IN (3, 5);
UPDATE passenger SET email = upper(email) WHERE id % 5 = 0;
UPDATE passenger SET email = 'org' || email WHERE id % 7 = 0;

-- Exactly 48 hours, one second less, one second more.
UPDATE booking SET cancelled_at = booked_at + interval '48 hours' WHERE id IN (10, 20);
UPDATE booking SET cancelled_at = booked_at + interval '47 hours 59 minutes 59 seconds' WHERE id IN (11, 21);
UPDATE booking SET cancelled_at = booked_at + interval '48 hours 1 second' WHERE id IN (12, 22);

INSERT INTO cargo (id, sailing_id, description, weight_kg) VALUES
    (1, 1, 'Salt', 2000), (2, 2, 'Rope', 1000), (3, 2, 'Paint', 1001), (4, 3, 'Engine', 2500);
INSERT INTO incident (id, sailing_id, port_code, reported_at, severity, summary, resolved) VALUES
    (1, NULL, 'NOR', '2026-06-01 08:00:00+02', 1, 'Rope worn', true),
    (2, NULL, 'NOR', '2026-06-01 09:00:00+02', 1, 'Lamp dark', false),
    (3, NULL, 'SKG', '2026-06-01 10:00:00+02', 2, 'Bollard loose', true);
-- Two hired on the last day of a rank.
UPDATE crew_member SET hired_on = '2024-06-24' WHERE id IN (19, 28);
