-- What each route earns; refreshed at night.
CREATE MATERIALIZED VIEW route_revenue AS
SELECT route.id AS route_id,
       route.from_port,
       route.to_port,
       count(DISTINCT sailing.id) AS sailings,
       coalesce(sum(booking.seats), 0) AS passengers,
       coalesce(sum(booking.total), 0) AS revenue
FROM route
LEFT JOIN sailing ON sailing.route_id = route.id AND sailing.state <> 'cancelled'
LEFT JOIN booking ON booking.sailing_id = sailing.id AND booking.cancelled_at IS NULL
GROUP BY route.id, route.from_port, route.to_port;

COMMENT ON MATERIALIZED VIEW route_revenue IS 'Sailings, passengers and income of each route';
