CREATE INDEX sailing_route_departure ON sailing (route_id, departs_at);

CREATE INDEX booking_on_sailing ON booking (sailing_id) WHERE cancelled_at IS NULL;

CREATE INDEX incident_open ON incident (port_code, severity DESC) WHERE NOT resolved;

-- One account per address, however it is typed.
CREATE UNIQUE INDEX passenger_email ON passenger (lower(email));
