-- How many seats of a sailing can still be booked; NULL as long as no ship is assigned.
CREATE FUNCTION seats_free(p_sailing bigint) RETURNS integer
LANGUAGE sql STABLE
AS $$
    SELECT (ship.seats - coalesce(sum(booking.seats), 0))::integer
    FROM sailing
    JOIN ship ON ship.id = sailing.ship_id
    LEFT JOIN booking ON booking.sailing_id = sailing.id AND booking.cancelled_at IS NULL
    WHERE sailing.id = p_sailing
    GROUP BY ship.seats;
$$;

COMMENT ON FUNCTION seats_free(bigint) IS 'Seats of a sailing that can still be booked';

-- What one seat costs.
CREATE FUNCTION ticket_price(p_route integer, p_class cabin_class, p_resident boolean DEFAULT false) RETURNS numeric
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    full_price numeric;
BEGIN
    SELECT price INTO full_price FROM fare WHERE route_id = p_route AND class = p_class;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no % fare on route %', p_class, p_route;
    END IF;
    RETURN CASE WHEN p_resident THEN round(full_price * 0.6, 2) ELSE full_price END;
END;
$$;
