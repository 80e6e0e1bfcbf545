-- The fleet.
CREATE TABLE ship (
    id             serial PRIMARY KEY,
    name           text NOT NULL UNIQUE,
    call_sign      character varying(8) NOT NULL UNIQUE,
    built_year     smallint NOT NULL CHECK (built_year BETWEEN 1900 AND 2100),
    length_m       numeric(5,1) NOT NULL,
    draught_m      numeric(3,1) NOT NULL,
    seats          integer NOT NULL CHECK (seats >= 0),
    cargo_limit_kg integer NOT NULL DEFAULT 0,
    home_port      port_code REFERENCES port ON UPDATE CASCADE ON DELETE SET NULL,
    retired_on     date,
    CHECK (draught_m < length_m)
);

COMMENT ON TABLE ship IS 'The fleet, with ships that no longer sail';
COMMENT ON COLUMN ship.retired_on IS 'Last day in service; NULL while the ship sails';

INSERT INTO ship (id, name, call_sign, built_year, length_m, draught_m, seats, cargo_limit_kg, home_port, retired_on) VALUES
    (1, 'Silvertärnan', 'SKAA1', 2014, 62.0, 3.1, 320, 60000, 'NOR', NULL),
    (2, 'Gryningen', 'SKAB2', 2009, 54.5, 2.9, 260, 45000, 'NOR', NULL),
    (3, 'Havsörnen', 'SKAC3', 2019, 68.0, 3.4, 380, 80000, 'BJO', NULL),
    (4, 'Ejdern', 'SKAD4', 1998, 38.0, 2.4, 140, 12000, 'EID', NULL),
    (5, 'Skarven', 'SKAE5', 2003, 36.5, 2.3, 130, 10000, 'MAR', NULL),
    (6, 'Strandskatan', 'SKAF6', 2021, 27.0, 1.6, 96, 2500, 'SKG', NULL),
    (7, 'Tobisgrisslan', 'SKAG7', 1987, 24.5, 1.8, 70, 3000, 'LUN', NULL),
    (8, 'Labben', 'SKAH8', 2016, 21.0, 1.4, 48, 800, 'ALK', NULL),
    (9, 'Storlommen', 'SKAI9', 2011, 84.0, 4.0, 120, 220000, 'BJO', NULL),
    (10, 'Roskarlen', 'SKAJ3', 1972, 41.0, 2.7, 150, 15000, NULL, '2024-10-31'),
    (11, 'Fiskgjusen', 'SKAK4', 2023, 32.0, 1.5, 110, 4000, 'FYR', NULL),
    (12, 'Knipan', 'SKAL5', 1964, 19.0, 1.7, 40, 1200, 'STO', NULL);

-- The numbers above were given by hand: new rows go on from there.
SELECT setval(pg_get_serial_sequence('ship', 'id'), (SELECT max(id) FROM ship));
