-- The repair yard's spreadsheet, as somebody imported it: no keys, no constraints, everything once more in every row. Ports and
-- ships are those of the harbour.

CREATE TABLE port (
    code text,
    name text
);
INSERT INTO port VALUES
    ('NOR', 'Norhavn'), ('SKG', 'Skagholm'), ('LUN', 'Lunnaby'), ('EID', 'Eidersund'), ('MAR', 'Marienhamnsund'),
    ('BJO', 'Björnnäs');

CREATE TABLE ship (
    id   integer,
    name text,
    home text
);
INSERT INTO ship VALUES
    (1, 'Silvertärnan', 'NOR'), (2, 'Gryningen', 'NOR'), (3, 'Havsörnen', 'BJO'), (4, 'Ejdern', 'EID'),
    (5, 'Skarven', 'MAR'), (6, 'Strandskatan', 'SKG'), (7, 'Tobisgrisslan', 'LUN'), (8, 'Roskarlen', NULL);

CREATE TABLE sheet (
    line           integer,
    ship           text,
    port           text,
    started        text,
    finished       text,
    cost           text,
    mechanic       text,
    mechanic_phone text
);
COMMENT ON TABLE sheet IS 'One line per repair. Costs with a comma for the decimals, empty where nobody knows';
INSERT INTO sheet
SELECT n,
       (ARRAY['Silvertärnan', 'Gryningen', 'Havsörnen', 'Ejdern', 'Skarven', 'Strandskatan', 'Tobisgrisslan'])[1 + n % 7],
       (ARRAY['NOR', 'SKG', 'LUN', 'EID', 'MAR', 'BJO'])[1 + (n * 5 + n / 7) % 6],
       to_char(date '2010-01-01' + n, 'YYYY-MM-DD'),
       CASE WHEN n > 4990 THEN '' ELSE to_char(date '2010-01-01' + n + n % 3, 'YYYY-MM-DD') END,
       CASE WHEN n % 50 = 0 THEN '' ELSE (n % 900) || ',' || lpad((n % 100)::text, 2, '0') END,
       (ARRAY['Bengt Ruus', 'Carin Alm', 'Dag Friberg', 'Elin Skog'])[1 + (n * 3) % 4],
       (ARRAY['070-1', '070-2', '070-3', '070-4'])[1 + (n * 3) % 4]
FROM generate_series(1, 4996) AS n;
