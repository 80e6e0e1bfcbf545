-- What hangs on the wall of the waiting room.
CREATE VIEW departure_board AS
SELECT sailing.id AS sailing_id,
       sailing.departs_at AT TIME ZONE 'Europe/Stockholm' AS departs,
       origin.name AS from_port,
       destination.name AS to_port,
       ship.name AS ship,
       berth.label AS berth,
       sailing.state
FROM sailing
JOIN route ON route.id = sailing.route_id
JOIN port AS origin ON origin.code = route.from_port
JOIN port AS destination ON destination.code = route.to_port
LEFT JOIN ship ON ship.id = sailing.ship_id
LEFT JOIN berth ON berth.id = sailing.berth_id
WHERE sailing.state <> 'cancelled'
ORDER BY sailing.departs_at, sailing.id;

COMMENT ON VIEW departure_board IS 'All sailings that go, in local time';
