-- The right tables, but nothing is enforced, and the function knows no NULL.

CREATE TABLE mechanic (id integer, name text, phone text);
INSERT INTO mechanic SELECT row_number() OVER (), mechanic, mechanic_phone FROM sheet;
CREATE TABLE job (id integer, ship_id integer, port_code text, mechanic_id integer, started date, finished date, cost numeric);
CREATE FUNCTION repair_cost(p_ship integer) RETURNS numeric LANGUAGE sql STABLE AS $$ SELECT sum(cost) FROM job WHERE ship_id = p_ship $$;
