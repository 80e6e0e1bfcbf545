-- Cancels a sailing and writes down why.
CREATE PROCEDURE cancel_sailing(p_sailing bigint, p_reason text)
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE sailing SET state = 'cancelled'
    WHERE id = p_sailing AND state IN ('planned', 'boarding');
    IF NOT FOUND THEN
        RAISE EXCEPTION 'sailing % can''t be cancelled: it is not planned or boarding', p_sailing;
    END IF;
    INSERT INTO incident (sailing_id, port_code, severity, summary)
    SELECT sailing.id, route.from_port, 2, 'Cancelled: ' || p_reason
    FROM sailing JOIN route ON route.id = sailing.route_id
    WHERE sailing.id = p_sailing;
END;
$$;
