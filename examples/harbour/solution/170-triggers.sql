-- Nobody books a seat that is not there.
CREATE FUNCTION refuse_overbooking() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    capacity integer;
    taken    integer;
BEGIN
    SELECT ship.seats INTO capacity
    FROM sailing JOIN ship ON ship.id = sailing.ship_id
    WHERE sailing.id = NEW.sailing_id;
    SELECT coalesce(sum(seats), 0) INTO taken
    FROM booking
    WHERE sailing_id = NEW.sailing_id AND cancelled_at IS NULL AND id <> NEW.id;
    IF taken + NEW.seats > capacity THEN
        RAISE EXCEPTION 'sailing % has % of % seats left', NEW.sailing_id, capacity - taken, capacity
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER booking_fits
    BEFORE INSERT OR UPDATE OF sailing_id, seats ON booking
    FOR EACH ROW EXECUTE FUNCTION refuse_overbooking();

-- A cancelled sailing takes its bookings with it.
CREATE FUNCTION cancel_bookings() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE booking SET cancelled_at = greatest(now(), booked_at)
    WHERE sailing_id = NEW.id AND cancelled_at IS NULL;
    RETURN NULL;
END;
$$;

CREATE TRIGGER sailing_cancelled
    AFTER UPDATE OF state ON sailing
    FOR EACH ROW
    WHEN (NEW.state = 'cancelled' AND OLD.state <> 'cancelled')
    EXECUTE FUNCTION cancel_bookings();
