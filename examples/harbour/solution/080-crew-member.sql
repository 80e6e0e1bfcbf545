-- Who works on the ships.
CREATE TABLE crew_member (
    id         serial PRIMARY KEY,
    name       text NOT NULL,
    rank       text NOT NULL CHECK (rank IN ('captain', 'mate', 'engineer', 'deckhand', 'steward')),
    license_no text UNIQUE,
    hired_on   date NOT NULL,
    mentor_id  integer REFERENCES crew_member ON DELETE SET NULL,
    CHECK (rank NOT IN ('captain', 'mate', 'engineer') OR license_no IS NOT NULL)
);

COMMENT ON COLUMN crew_member.mentor_id IS 'The colleague who trains this one';

INSERT INTO crew_member (id, name, rank, license_no, hired_on, mentor_id) VALUES
    (1, 'Annika Bergfors', 'captain', 'CA-4137', '2010-06-12', NULL),
    (2, 'Babak Rostami', 'captain', 'CA-4174', '2017-11-23', NULL),
    (3, 'Chiara Lombardi', 'captain', 'CA-4211', '2024-04-06', NULL),
    (4, 'Davor Petković', 'captain', 'CA-4248', '2009-09-17', NULL),
    (5, 'Ebba Lindqvist', 'captain', 'CA-4285', '2016-02-28', NULL),
    (6, 'Fatoumata Diallo', 'captain', 'CA-4322', '2023-07-11', NULL),
    (7, 'Goran Åkesson', 'mate', 'MA-4359', '2008-12-22', 1),
    (8, 'Hye-jin Seo', 'mate', 'MA-4396', '2015-05-05', 2),
    (9, 'Ivar Thorsell', 'mate', 'MA-4433', '2022-10-16', 3),
    (10, 'Jelena Marić', 'mate', 'MA-4470', '2007-03-27', 4),
    (11, 'Kwabena Owusu', 'mate', 'MA-4507', '2014-08-10', 5),
    (12, 'Leila Haddad', 'mate', 'MA-4544', '2021-01-21', 6),
    (13, 'Mikko Salonen', 'engineer', 'EN-4581', '2006-06-04', NULL),
    (14, 'Nadia Benali', 'engineer', 'EN-4618', '2013-11-15', NULL),
    (15, 'Oskar Wallin', 'engineer', 'EN-4655', '2020-04-26', NULL),
    (16, 'Paulo Figueiredo', 'engineer', 'EN-4692', '2005-09-09', NULL),
    (17, 'Qiang Wen', 'engineer', 'EN-4729', '2012-02-20', NULL),
    (18, 'Rosa Valdivia', 'engineer', 'EN-4766', '2019-07-03', NULL),
    (19, 'Samuel Okonkwo', 'deckhand', NULL, '2004-12-14', 8),
    (20, 'Tove Hagström', 'deckhand', NULL, '2011-05-25', 9),
    (21, 'Umut Aydın', 'deckhand', NULL, '2018-10-08', NULL),
    (22, 'Viktor Sjöblom', 'deckhand', NULL, '2003-03-19', 11),
    (23, 'Wanjiru Kamau', 'deckhand', NULL, '2010-08-02', 12),
    (24, 'Xavier Dupont', 'deckhand', NULL, '2017-01-13', NULL),
    (25, 'Yasmin Qureshi', 'deckhand', NULL, '2024-06-24', 8),
    (26, 'Zoltán Fekete', 'deckhand', NULL, '2009-11-07', 9),
    (27, 'Agnes Nordh', 'deckhand', NULL, '2016-04-18', NULL),
    (28, 'Bao Nguyễn', 'deckhand', NULL, '2023-09-01', 11),
    (29, 'Cecilia Ahlgren', 'steward', NULL, '2008-02-12', NULL),
    (30, 'Dmitri Sokolov', 'steward', NULL, '2015-07-23', NULL),
    (31, 'Elif Demir', 'steward', NULL, '2022-12-06', 29),
    (32, 'Farid Nazari', 'steward', NULL, '2007-05-17', 29),
    (33, 'Greta Holm', 'steward', NULL, '2014-10-28', 29),
    (34, 'Haruto Mori', 'steward', NULL, '2021-03-11', 29),
    (35, 'Ingrid Solheim', 'steward', NULL, '2006-08-22', 29),
    (36, 'Joaquín Reyes', 'steward', NULL, '2013-01-05', 29);

-- The numbers above were given by hand: new rows go on from there.
SELECT setval(pg_get_serial_sequence('crew_member', 'id'), (SELECT max(id) FROM crew_member));
