-- The log of what went wrong.
CREATE TABLE incident (
    id          serial PRIMARY KEY,
    sailing_id  bigint REFERENCES sailing ON DELETE SET NULL,
    port_code   port_code NOT NULL REFERENCES port ON UPDATE CASCADE,
    reported_at timestamp with time zone NOT NULL DEFAULT now(),
    severity    smallint NOT NULL CHECK (severity BETWEEN 1 AND 5),
    summary     text NOT NULL,
    resolved    boolean NOT NULL DEFAULT false,
    reported_by integer REFERENCES crew_member ON DELETE SET NULL
);

COMMENT ON TABLE incident IS 'The log of what went wrong';
COMMENT ON COLUMN incident.severity IS 'From 1 (noted) to 5 (emergency)';

INSERT INTO incident (id, sailing_id, port_code, reported_at, severity, summary, resolved, reported_by) VALUES
    (1, 2, 'SKG', '2026-06-01 08:12:00+02', 1, 'Ramp hydraulics slow, unloading took ten minutes longer', true, 13),
    (2, NULL, 'NOR', '2026-06-01 11:30:00+02', 2, 'Fender missing at berth 3', true, 20),
    (3, 1, 'MAR', '2026-06-01 09:31:00+02', 1, 'Passenger fainted, met by nurse', true, 30),
    (4, NULL, 'TRU', '2026-06-01 19:05:00+02', 2, 'Pier light out', false, 19),
    (5, 27, 'KLO', '2026-06-02 09:14:00+02', 1, 'Lost child found in the café', true, 33),
    (6, 46, 'BJO', '2026-06-02 21:50:00+02', 3, 'Drum leaking during loading, left ashore', true, 17),
    (7, NULL, 'GRA', '2026-06-02 14:20:00+02', 1, 'Guest boat moored at the ferry pier', true, 22),
    (8, 52, 'SAL', '2026-06-03 09:20:00+02', 2, 'Touched bottom at low water, no damage found', true, 10),
    (9, NULL, 'EID', '2026-06-03 16:00:00+02', 1, 'Waiting room heating broken', false, 29),
    (10, 81, 'LUN', '2026-06-04 06:10:00+02', 4, 'Storm warning: all boats east of Lunna cancelled', true, 2),
    (11, 84, 'TRU', '2026-06-04 06:10:00+02', 4, 'Storm warning: all boats east of Lunna cancelled', true, 2),
    (12, 82, 'TRU', '2026-06-04 06:12:00+02', 4, 'Storm warning: all boats east of Lunna cancelled', true, 2),
    (13, 83, 'ALK', '2026-06-04 06:12:00+02', 4, 'Storm warning: all boats east of Lunna cancelled', true, 2),
    (14, NULL, 'ALK', '2026-06-04 18:45:00+02', 3, 'Pier planks torn off by waves', false, 24),
    (15, 101, 'SKG', '2026-06-05 09:35:00+02', 2, 'Strandskatan in the yard, Knipan sails with 40 seats', true, 7),
    (16, 98, 'NOR', '2026-06-05 09:28:00+02', 1, 'Car battery flat on the car deck', true, 21),
    (17, 119, 'FYR', '2026-06-06 07:20:00+02', 5, 'Fiskgjusen: engine room fire alarm, boat evacuated in port', false, 15),
    (18, NULL, 'FYR', '2026-06-06 08:05:00+02', 3, 'Fire brigade on quay 1, berth closed until noon', true, 15),
    (19, 134, 'NOR', '2026-06-06 16:31:00+02', 2, 'More travellers than seats in the saloon, moved to deck', true, 31),
    (20, NULL, 'MAR', '2026-06-06 23:10:00+02', 2, 'Mooring line cut on the fuel berth', false, NULL),
    (21, 150, 'STO', '2026-06-07 11:02:00+02', 1, 'Left twelve minutes late after mass', true, 6),
    (22, 160, 'MAR', '2026-06-07 18:40:00+02', 3, 'Lorry over the weight limit turned away', true, 18),
    (23, NULL, 'VST', '2026-06-07 12:00:00+02', 1, 'Seals on the small berth', true, 25),
    (24, 168, 'SKG', '2026-06-08 09:12:00+02', 2, 'Cancelled: wheelhouse window broken by a gull', true, 8),
    (25, 161, 'BJO', '2026-06-08 06:25:00+02', 2, 'Stern door sensor fault, sailed after manual check', false, 14),
    (26, NULL, 'LUN', '2026-06-08 10:50:00+02', 3, 'Diesel on the water at the west berth', false, 3);

-- The numbers above were given by hand: new rows go on from there.
SELECT setval(pg_get_serial_sequence('incident', 'id'), (SELECT max(id) FROM incident));
